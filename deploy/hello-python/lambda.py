# Greets by name. Named `lambda_`, as `lambda` is a word of Python's own; what it prints goes to /history, never into the answer.


def lambda_(input, environment):
    name = input.strip() or environment.query.get("name", "world")
    print(f"greeting {name} for call {environment.id}")
    return f"Hello, {name}!"
