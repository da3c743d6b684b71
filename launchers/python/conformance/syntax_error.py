def lambda_(input, environment:
    return "never"
