"""Calls a WSGI application with a call of ours."""
import io
import sys
from urllib.parse import unquote_to_bytes

from .http_event import add_header, host_and_port, own_path


def environ_of(environment, body):
    host, port = host_and_port(environment)
    environ = {
        "REQUEST_METHOD": environment.method, "SCRIPT_NAME": "", "PATH_INFO": unquote_to_bytes(own_path(environment)).decode("latin-1"),
        "QUERY_STRING": environment.query_string, "REQUEST_URI": environment.path, "RAW_URI": environment.path,
        "SERVER_NAME": host, "SERVER_PORT": port, "SERVER_PROTOCOL": environment.protocol or "HTTP/1.1", "REMOTE_ADDR": environment.remote_address,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0), "wsgi.url_scheme": environment.headers.get("x-forwarded-proto", "http"), "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }
    if environment.content_type:
        environ["CONTENT_TYPE"] = environment.content_type
    for name, value in environment.headers.items():
        if name not in ("content-type", "content-length"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value.encode("utf-8").decode("latin-1")
    return environ


def call(application, environment, body):
    """Bytes, or an iterator of them where the application does not know how many there will be."""
    lengths = []

    def start_response(status, headers, exc_info=None):
        environment.code = int(status.partition(" ")[0])
        environment.response_headers = {}
        for name, value in headers:
            if name.lower() == "content-length":
                lengths.append(value)
            else:
                add_header(environment, name, value)

    pieces = application(environ_of(environment, body), start_response)
    if not lengths and not isinstance(pieces, (list, tuple)):
        return _piece_by_piece(pieces)
    try:
        return b"".join(pieces)
    finally:
        getattr(pieces, "close", lambda: None)()


def _piece_by_piece(pieces):
    try:
        for piece in pieces:
            if piece:
                yield piece
    finally:
        getattr(pieces, "close", lambda: None)()
