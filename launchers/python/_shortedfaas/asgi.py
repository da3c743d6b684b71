"""Calls an ASGI application with a call of ours."""
from urllib.parse import unquote

from .http_event import add_header, host_and_port, own_path
from .results import awaited


def call(application, environment, body):
    host, port = host_and_port(environment)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": environment.method,
        "scheme": environment.headers.get("x-forwarded-proto", "http"), "path": unquote(own_path(environment)),
        "raw_path": own_path(environment).encode(), "query_string": environment.query_string.encode(), "root_path": "",
        "headers": [(name.encode(), value.encode("utf-8")) for name, value in environment.headers.items()],
        "client": (environment.remote_address, 0) if environment.remote_address else None, "server": (host, int(port)),
    }
    pieces, requests = [], [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def receive():
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            environment.code = message["status"]
            for name, value in message.get("headers", ()):
                if name.lower() != b"content-length":
                    add_header(environment, name.decode("latin-1"), value.decode("latin-1"))
        elif message["type"] == "http.response.body":
            pieces.append(bytes(message.get("body", b"")))

    awaited(application(scope, receive, send))
    return b"".join(pieces)
