print("printed at load")


def lambda_(input, environment):
    return "quiet"
