import java.nio.charset.StandardCharsets;

/** Turns its input round. Java compiles the one source file as it starts it, so the first look costs a second. */
public class Reverse {
    public static void main(String[] arguments) throws java.io.IOException {
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).strip();
        System.out.println(new StringBuilder(input).reverse());
    }
}
