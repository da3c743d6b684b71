import json


def lambda_(input, environment):
    pair = json.loads(input)
    return {"sum": pair["a"] + pair["b"]}
