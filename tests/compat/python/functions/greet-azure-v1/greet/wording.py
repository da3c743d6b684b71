import json


def encoded(**values):
    return json.dumps(values)
