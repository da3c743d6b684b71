class print_at_load {
    static {
        System.out.print("printed at load");
    }

    static Object lambda(String input, Environment environment) {
        return "quiet";
    }
}
