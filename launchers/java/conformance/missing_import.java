import no_such_module.Thing;

class missing_import {
    static Object lambda(String input, Environment environment) {
        return new Thing();
    }
}
