"""Echo and add for ASGI servers."""

import json

TEXT = [(b"content-type", b"text/plain; charset=utf-8")]
JSON = [(b"content-type", b"application/json")]


async def app(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = TEXT
    if scope["path"] == "/f/add":
        pair = json.loads(body)
        headers, body = JSON, json.dumps({"sum": pair["a"] + pair["b"]}).encode()
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
