"""What a handler is given besides its input."""
from .plain_json import decode, encode

ATTRIBUTES = {
    "headers": dict, "method": str, "path": str, "path_info": str, "query": dict, "query_string": str, "content_type": str,
    "accept": str, "id": str, "deadline": int, "asynchronous": bool, "identity": str, "remote_address": str,
    "server_name": str, "protocol": str,
}


class Environment:
    """A call's attributes. Its header is read when one of them is asked for; `code` and `response_headers` may be set."""

    def __init__(self, header, load):
        self._header = header
        self._load = load

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        # Not kept, so that a code which is there was set by the handler.
        if name == "code":
            return 202 if self.asynchronous else 200
        if name == "response_headers":
            self.response_headers = {}
        elif "_header" in self.__dict__:
            self._read()
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(f"environment has no attribute {name!r}")

    def _read(self):
        header = self.__dict__.pop("_header")
        call = decode(header) if header else {}
        for name, kind in ATTRIBUTES.items():
            self.__dict__.setdefault(name, call.get(name) or kind())
        self.__dict__.setdefault("function", self._load["function"])
        self.__dict__.setdefault("variables", dict(self._load.get("variables") or {}))

    def __getitem__(self, name):
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def __setitem__(self, name, value):
        setattr(self, name, value)

    def get(self, name, default=None):
        return getattr(self, name, default)

    def __repr__(self):
        return f"<environment of {self.function} {self.id}: {self.method} {self.path}>"

    def answer_header(self):
        """What the handler set, as the header of its answer."""
        code, headers = self.__dict__.get("code"), self.__dict__.get("response_headers")
        if code is None and not headers:
            return b""
        answer = {}
        if code is not None:
            if not isinstance(code, int) or isinstance(code, bool):
                raise TypeError(f"environment.code is {code!r}; it must be a whole number, for instance 404")
            answer["code"] = int(code)
        if headers:
            answer["headers"] = {_text(name, name): _value(name, value) for name, value in dict(headers).items() if value is not None}
        return encode(answer)


def _value(name, value):
    return [_text(name, item) for item in value] if isinstance(value, (list, tuple)) else _text(name, value)


def _text(name, value):
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (int, float)):
        return str(value)
    raise TypeError(f"the response header {name!r} is {value!r}; it must be text or a list of texts")
