import time

time.sleep(1.5)


def lambda_(input, environment):
    return "slow"
