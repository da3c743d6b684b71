# Greets by name. What it prints goes to /history, never into the answer.
def lambda(input, environment)
  name = input.empty? ? environment.query.fetch("name", "world") : input
  puts "greeting #{name} for call #{environment.id}"
  "Hello, #{name}!"
end
