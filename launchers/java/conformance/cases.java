import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The handlers of launchers/conformance/README.md. */
class cases {
    static int calls;
    static final int not_a_function = 1;

    static boolean calm(String input) {
        return input.equals("calm");
    }

    static String echo(String input) {
        return input;
    }

    static byte[] echo_bytes(byte[] input) {
        return input;
    }

    static Object map() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("a", 1);
        map.put("b", Arrays.asList(true, null, "ü"));
        return map;
    }

    static Object list() {
        return List.of(1, 2, 3);
    }

    static int number() {
        return 42;
    }

    static void nothing() {}

    static Object unencodable(String input) {
        return calm(input) ? input : new Object();
    }

    static Object code(String input, Environment environment) {
        if (calm(input)) {
            return input;
        }
        environment.code = 201;
        return "created";
    }

    static Object headers(String input, Environment environment) {
        if (calm(input)) {
            return input;
        }
        environment.response_headers.put("content-type", "text/csv");
        environment.response_headers.put("x-case", "yes");
        return "a,b";
    }

    static Object cookies(String input, Environment environment) {
        environment.response_headers.put("set-cookie", List.of("a=1", "b=2"));
        return "two";
    }

    static Object bad_header(String input, Environment environment) {
        if (calm(input)) {
            return input;
        }
        environment.response_headers.put("x-bad", "a\r\nx-evil: 1");
        return "bad";
    }

    static Object code_out_of_range(String input, Environment environment) {
        if (calm(input)) {
            return input;
        }
        environment.code = 999;
        return "out of range";
    }

    static Object environment(String input, Environment environment) throws Exception {
        Map<String, Object> map = new LinkedHashMap<>();
        for (var field : Environment.class.getFields()) {
            map.put(field.getName(), field.get(environment));
        }
        map.put("process_variable", System.getenv("COLOUR"));
        return map;
    }

    static Object deadline(String input, Environment environment) {
        return environment.deadline - System.currentTimeMillis();
    }

    static Object relative_file() throws Exception {
        return Files.readString(Path.of("data.txt"));
    }

    static Object raise_error(String input) {
        if (calm(input)) {
            return input;
        }
        throw new IllegalStateException("deliberate");
    }

    static Object raise_unencodable(String input) {
        if (calm(input)) {
            return input;
        }
        throw new IllegalStateException("deliberate \ud800");
    }

    static Object exit_inside(String input) {
        if (!calm(input)) {
            System.exit(3);
        }
        return input;
    }

    static String shell(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command).start();
        byte[] output = process.getInputStream().readAllBytes();
        process.waitFor();
        return new String(output, StandardCharsets.UTF_8);
    }

    static Object killed(String input) throws Exception {
        if (!calm(input)) {
            shell("kill -9 " + ProcessHandle.current().pid());
        }
        return input;
    }

    static Object endless_loop(String input) {
        long count = 0;
        while (!calm(input)) {
            count++;
        }
        return input;
    }

    static int deeper(int depth) {
        return deeper(depth + 1) + 1;
    }

    static Object recursion(String input) {
        return calm(input) ? input : deeper(0);
    }

    static Object huge_output(String input) {
        return calm(input) ? input : "x".repeat(20_000_000);
    }

    static Object print_during(String input) {
        if (calm(input)) {
            return input;
        }
        System.out.print("printed by the handler");
        System.err.print("and to stderr");
        return "quiet";
    }

    static Object print_and_raise() {
        System.out.print("printed by the handler");
        throw new IllegalStateException("deliberate");
    }

    static Object print_much(String input) {
        if (calm(input)) {
            return input;
        }
        System.out.print("x".repeat(2_000_000));
        System.err.print("y".repeat(2_000_000));
        return "quiet";
    }

    static void later(int milliseconds, Runnable what) {
        new Thread(() -> {
            try {
                Thread.sleep(milliseconds);
            } catch (InterruptedException ignored) {
                return;
            }
            what.run();
        }).start();
    }

    static Object print_after() {
        later(50, () -> System.out.println("printed later"));
        return "quiet";
    }

    static Object print_by_a_child() throws Exception {
        new ProcessBuilder("sh", "-c", "echo printed by a child").inheritIO().start().waitFor();
        return "quiet";
    }

    static Object thread_left() {
        later(60_000, () -> {});
        return "left";
    }

    static Object descriptors_of_a_child() throws Exception {
        return shell("if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi");
    }

    static Object read_stdin() throws Exception {
        return "stdin: " + System.in.readAllBytes().length;
    }

    static Object scribble_fd4(String input) throws Exception {
        if (!calm(input)) {
            new FileOutputStream("/dev/fd/4").write("this is not a frame!".getBytes());
        }
        return endless_loop(input);
    }

    static Object count() {
        return String.valueOf(++calls);
    }
}
