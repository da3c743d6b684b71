function lambda() return "usual" end
