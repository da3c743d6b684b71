local input = io.read("*a")
if input == "" then input = "world" end
io.write("Hello, ", input, "!")
