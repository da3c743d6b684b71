package shortedfaas;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;

/** Hosts a Java handler; speaks the launcher protocol on descriptors 3 and 4. */
public final class Launcher {
    private static final byte[] NOTHING = {};
    private static OutputStream answers;

    private Launcher() {}

    /** The argument is the folder that keeps what was compiled. */
    public static void main(String[] arguments) throws Exception {
        System.setOut(new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 8192), false, "UTF-8"));
        System.setErr(new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.err), 8192), true, "UTF-8"));
        // An exit in the handler ends the program, and with it the call; what was printed is kept.
        Runtime.getRuntime().addShutdownHook(new Flushing());
        answers = new FileOutputStream("/dev/fd/4");
        InputStream calls = new BufferedInputStream(new FileInputStream("/dev/fd/3"), 65_536);
        byte[] head = new byte[9];
        Map<String, Object> load = null;
        Handler handler = null;
        while (true) {
            int read = calls.readNBytes(head, 0, 9);
            if (read < 9 || head[0] == 'S') {
                end(0);
            }
            ByteBuffer lengths = ByteBuffer.wrap(head, 1, 8);
            byte[] header = calls.readNBytes(lengths.getInt());
            byte[] body = calls.readNBytes(lengths.getInt());
            if (head[0] == 'L') {
                load = object(header);
                handler = load(load, new File(arguments[0]));
            } else if (head[0] == 'I') {
                call(handler, load, object(header), body);
            }
        }
    }

    /** No lambda: the first one costs a cold start ten milliseconds. */
    private static final class Flushing extends Thread {
        @Override
        public void run() {
            flush();
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(byte[] header) {
        return header.length == 0 ? Map.of() : (Map<String, Object>) Json.read(new String(header, StandardCharsets.UTF_8));
    }

    /** Ends at once: threads that the handler left behind would keep the program. */
    private static void end(int status) {
        flush();
        Runtime.getRuntime().halt(status);
    }

    private static void flush() {
        System.out.flush();
        System.err.flush();
    }

    private static Handler load(Map<String, Object> load, File compiled) {
        try {
            Handler handler = new Handler(load, compiled);
            long pid = ProcessHandle.current().pid();
            send('H', Map.of("protocol", 1, "pid", pid, "language", "java", "version", System.getProperty("java.version")), NOTHING);
            return handler;
        } catch (Throwable error) {
            Map<String, Object> header = failure(Handler.cause(error));
            header.put("kind", error instanceof Handler.Broken ? ((Handler.Broken) error).kind : "load");
            if (!(error instanceof Handler.Broken)) {
                header.put("message", header.get("type") + ": " + header.get("message"));
            }
            send('B', header, NOTHING);
            end(1);
            return null;
        }
    }

    private static void call(Handler handler, Map<String, Object> load, Map<String, Object> header, byte[] body) {
        try {
            Environment environment = environment(load, header);
            Object input = "bytes".equals(load.get("input")) ? body : new String(body, StandardCharsets.UTF_8);
            Object output = handler.call(input, environment);
            if (output instanceof Future) {
                output = ((Future<?>) output).get();
            }
            Map<String, Object> head = new LinkedHashMap<>();
            if (environment.code != 200) {
                head.put("code", environment.code);
            }
            if (environment.response_headers != null && !environment.response_headers.isEmpty()) {
                head.put("headers", environment.response_headers);
            }
            if (output == null) {
                send('T', head, NOTHING);
            } else if (output instanceof byte[]) {
                send('O', head, (byte[]) output);
            } else if (output instanceof CharSequence) {
                send('T', head, Json.requireUnicode(output.toString()).getBytes(StandardCharsets.UTF_8));
            } else {
                send('J', head, Json.write(output).getBytes(StandardCharsets.UTF_8));
            }
        } catch (Throwable error) {
            send('E', failure(Handler.cause(error)), NOTHING);
        }
    }

    @SuppressWarnings("unchecked")
    private static Environment environment(Map<String, Object> load, Map<String, Object> header) throws ReflectiveOperationException {
        Environment environment = Handler.newEnvironment();
        environment.headers = (Map<String, String>) header.get("headers");
        environment.method = (String) header.get("method");
        environment.path = (String) header.get("path");
        environment.path_info = (String) header.get("path_info");
        environment.query = (Map<String, String>) header.get("query");
        environment.query_string = (String) header.get("query_string");
        environment.content_type = (String) header.get("content_type");
        environment.accept = (String) header.get("accept");
        environment.function = (String) load.get("function");
        environment.id = (String) header.get("id");
        environment.deadline = ((Number) header.get("deadline")).longValue();
        environment.asynchronous = (Boolean) header.get("asynchronous");
        environment.identity = (String) header.get("identity");
        environment.variables = new LinkedHashMap<>((Map<String, String>) load.get("variables"));
        return environment;
    }

    /** Type, message and trace of an error, in Unicode whatever is in them. */
    private static Map<String, Object> failure(Throwable error) {
        StringWriter trace = new StringWriter();
        try {
            error.printStackTrace(new PrintWriter(trace));
        } catch (Throwable ignored) {
            trace.append("no trace");
        }
        String message;
        try {
            message = String.valueOf(error.getMessage());
        } catch (Throwable ignored) {
            message = "an error without a message";
        }
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("type", error.getClass().getName());
        header.put("message", readable(message));
        header.put("trace", readable(trace.toString().substring(0, Math.min(trace.getBuffer().length(), 16_000))));
        return header;
    }

    private static String readable(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static void send(char type, Map<String, Object> header, byte[] body) {
        byte[] head = header.isEmpty() ? NOTHING : Json.write(header).getBytes(StandardCharsets.UTF_8);
        flush();
        // Small frames are one write; a large body is not copied.
        boolean small = body.length < 65_536;
        ByteBuffer frame = ByteBuffer.allocate(9 + head.length + (small ? body.length : 0));
        frame.put((byte) type).putInt(head.length).putInt(body.length).put(head);
        try {
            answers.write((small ? frame.put(body) : frame).array());
            if (!small) {
                answers.write(body);
            }
        } catch (IOException gone) {
            Runtime.getRuntime().halt(1);
        }
    }
}
