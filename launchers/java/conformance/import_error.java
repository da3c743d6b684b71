class import_error {
    static final Object FAILS = fail();

    static Object fail() {
        throw new IllegalStateException("this import fails on purpose");
    }

    static Object lambda(String input, Environment environment) {
        return "never";
    }
}
