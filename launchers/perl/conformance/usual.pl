sub lambda { return "usual" }
