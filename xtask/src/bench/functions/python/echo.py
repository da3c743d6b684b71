def lambda_(input, environment):
    return input
