class usual {
    static Object lambda(String input, Environment environment) {
        return "usual";
    }
}
