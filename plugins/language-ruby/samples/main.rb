input = $stdin.read
print "Hello, #{input.empty? ? "world" : input}!"
