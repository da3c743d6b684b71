use no_such_module;
