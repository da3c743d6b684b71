class syntax_error {
    static Object lambda(String input, Environment environment {
