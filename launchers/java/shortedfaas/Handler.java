package shortedfaas;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The user's method: found, and compiled where what is there is a source. */
final class Handler {
    /** Why a handler cannot be loaded, in words that need no type before them. */
    static final class Broken extends Exception {
        private static final long serialVersionUID = 1;
        final String kind;

        Broken(String kind, String message) {
            super(message);
            this.kind = kind;
        }
    }

    /** In a folder of compiled classes: what they were compiled from. */
    private static final String KEY = "compiled-from";
    private static Constructor<? extends Environment> environments;
    private final Method method;
    private final Object instance;

    Handler(Map<String, Object> load, File compiled) throws Exception {
        File folder = new File((String) load.get("folder"));
        String file = (String) load.get("file");
        if (!new File(folder, file).isFile()) {
            throw new Broken("missing", "there is no file " + file);
        }
        List<File> places = new ArrayList<>(List.of(folder, new File(folder, "classes")));
        files(folder, places, ".jar");
        if (file.endsWith(".java")) {
            places.add(0, compile(folder, file, List.copyOf(places), compiled));
        }
        String owner = file.endsWith(".jar") ? "Lambda" : file.substring(file.lastIndexOf('/') + 1).replaceFirst("\\.[^.]*$", "");
        String wanted = (String) load.get("handler");
        // `Name.method` names the class too: needed in a jar, where no file does.
        if (wanted != null && wanted.contains(".")) {
            owner = wanted.substring(0, wanted.lastIndexOf('.'));
            wanted = wanted.substring(wanted.lastIndexOf('.') + 1);
        }
        URL[] urls = new URL[places.size()];
        for (int index = 0; index < urls.length; index++) {
            urls[index] = places.get(index).toURI().toURL();
        }
        URLClassLoader loader = new URLClassLoader(urls, Handler.class.getClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        method = find(classOf(owner, loader), wanted);
        instance = Modifier.isStatic(method.getModifiers()) ? null : instance(method.getDeclaringClass());
    }

    private static Class<?> classOf(String name, ClassLoader loader) throws Exception {
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException error) {
            throw new Broken("missing", "there is no class " + name + ": a file's class has the file's name, another is said as \"handler\": \"Name.method\"");
        }
    }

    /** The method with this name, or with a usual one; of several the one that takes most. */
    private static Method find(Class<?> owner, String wanted) throws Broken {
        Method found = null;
        for (String name : wanted == null ? new String[] {"lambda", "handler"} : new String[] {wanted}) {
            for (Method method : owner.getDeclaredMethods()) {
                boolean fits = method.getName().equals(name) && method.getParameterCount() <= 2 && !method.isSynthetic();
                if (fits && (found == null || method.getParameterCount() > found.getParameterCount())) {
                    found = method;
                }
            }
            if (found != null) {
                found.setAccessible(true);
                return found;
            }
        }
        throw new Broken("missing", owner.getName() + " has no method " + (wanted == null ? "lambda" : wanted) + "(input, environment)");
    }

    private static Object instance(Class<?> owner) throws ReflectiveOperationException {
        Constructor<?> constructor = owner.getDeclaredConstructor();
        constructor.setAccessible(true);
        return constructor.newInstance();
    }

    Object call(Object input, Environment environment) throws Exception {
        switch (method.getParameterCount()) {
            case 0: return method.invoke(instance);
            case 1: return method.invoke(instance, input);
            default: return method.invoke(instance, input, environment);
        }
    }

    /** A class without a package can name only a class without one. */
    static Environment newEnvironment() throws ReflectiveOperationException {
        if (environments == null) {
            environments = Class.forName("Environment").asSubclass(Environment.class).getConstructor();
        }
        return environments.newInstance();
    }

    /** The error that the user's code raised, out of what reflection and loading wrap it in. */
    static Throwable cause(Throwable error) {
        boolean wraps = error instanceof InvocationTargetException || error instanceof ExceptionInInitializerError
            || error instanceof ExecutionException;
        return wraps && error.getCause() != null ? cause(error.getCause()) : error;
    }

    /** Compiles once what has the same content; another worker that does the same at the same time does no harm. */
    private static File compile(File folder, String file, List<File> places, File compiled) throws Exception {
        byte[] key = key(folder, file);
        File done = new File(compiled, Long.toString(hash(key), 36));
        if (Arrays.equals(key, contents(new File(done, KEY)))) {
            return done;
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new Broken("load", "this Java has no compiler for " + file + ": install a JDK, or deploy classes or a jar");
        }
        File making = Files.createTempDirectory(compiled.toPath(), "making-").toFile();
        StringBuilder path = new StringBuilder(System.getProperty("java.class.path"));
        for (File place : places) {
            path.append(File.pathSeparator).append(place);
        }
        List<String> options = List.of(
            "-d", making.toString(), "-cp", path.toString(), "-sourcepath", folder.toString(), "-encoding", "UTF-8", "-g", "-nowarn", "-proc:none");
        StringWriter messages = new StringWriter();
        StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
        if (!compiler.getTask(messages, manager, null, options, null, manager.getJavaFileObjects(new File(folder, file))).call()) {
            String message = messages.toString().replace(folder + File.separator, "");
            throw new Broken("syntax", file + " cannot be compiled: " + message.substring(0, Math.min(message.length(), 4_000)).strip());
        }
        Files.write(new File(making, KEY).toPath(), key);
        return making.renameTo(done) ? done : making;
    }

    private static byte[] contents(File file) throws IOException {
        return file.isFile() ? Files.readAllBytes(file.toPath()) : null;
    }

    /** All that the compiler may look at: sources as they are, jars and classes by their place and age. */
    private static byte[] key(File folder, String file) throws IOException {
        ByteArrayOutputStream key = new ByteArrayOutputStream();
        key.writeBytes((System.getProperty("java.vm.version") + "\n" + file).getBytes());
        for (File one : files(folder, new ArrayList<>(), ".java", ".jar", ".class")) {
            if (one.getName().endsWith(".java")) {
                key.writeBytes(("\n" + one.toString().substring(folder.toString().length()) + "\n").getBytes());
                key.writeBytes(Files.readAllBytes(one.toPath()));
            } else {
                key.writeBytes(("\n" + one + " " + one.length() + " " + one.lastModified()).getBytes());
            }
        }
        return key.toByteArray();
    }

    /** FNV-1a: names only, the key itself is compared. */
    private static long hash(byte[] bytes) {
        long hash = 0xcbf29ce484222325L;
        for (byte one : bytes) {
            hash = (hash ^ (one & 255)) * 0x100000001b3L;
        }
        return hash;
    }

    private static List<File> files(File folder, List<File> found, String... endings) {
        File[] entries = folder.listFiles();
        if (entries == null) {
            return found;
        }
        Arrays.sort(entries);
        for (File entry : entries) {
            if (entry.isDirectory() && !entry.getName().startsWith(".") && !Files.isSymbolicLink(entry.toPath())) {
                files(entry, found, endings);
            }
            for (String ending : endings) {
                if (entry.getName().endsWith(ending) && entry.isFile()) {
                    found.add(entry);
                }
            }
        }
        return found;
    }
}
