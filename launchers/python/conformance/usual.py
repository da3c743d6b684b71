def lambda_(input, environment):
    return "usual"
