"""Echo and add for WSGI servers."""

import json

TEXT = [("Content-Type", "text/plain; charset=utf-8")]
JSON = [("Content-Type", "application/json")]


def app(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ["PATH_INFO"] == "/f/add":
        pair = json.loads(body)
        start_response("200 OK", JSON)
        return [json.dumps({"sum": pair["a"] + pair["b"]}).encode()]
    start_response("200 OK", TEXT)
    return [body]
