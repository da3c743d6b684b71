class exit_at_load {
    static {
        System.exit(3);
    }

    static Object lambda(String input, Environment environment) {
        return "never";
    }
}
