class slow_import {
    static {
        try {
            Thread.sleep(1_500);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
    }

    static Object lambda(String input, Environment environment) {
        return "slow";
    }
}
