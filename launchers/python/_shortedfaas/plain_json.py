"""JSON without the package `json`: importing that costs a third of an interpreter's start, and a function's folder may hold a json.py."""


def has_no_form(value):
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    raise TypeError(f"a value of type {name} has no form in JSON; convert it first, for instance with str() or float()")


try:
    import _json

    class _Rules:
        strict = True
        object_hook = None
        object_pairs_hook = None
        parse_float = float
        parse_int = int
        parse_constant = float
        memo = {}

    _scan = _json.make_scanner(_Rules)
    _encoder, _quoted = _json.make_encoder, _json.encode_basestring

    def decode(data):
        """The value of a JSON text that is known to be valid and to begin at once."""
        return _scan(str(data, "utf-8"), 0)[0]

    def encode(value, default=has_no_form, allow_nan=False):
        # A new encoder each time: after an error the old one would take the same objects for a ring.
        return "".join(_encoder({}, default, _quoted, None, ":", ",", False, False, allow_nan)(value, 0)).encode()

    assert encode(decode(b'{"a": [1, 2.5, null, "\\u00fc"]}')) == b'{"a":[1,2.5,null,"\xc3\xbc"]}'
except Exception:  # Another Python, or these parts have changed.
    import json

    def decode(data):
        return json.loads(str(data, "utf-8"))

    def encode(value, default=has_no_form, allow_nan=False):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan, default=default).encode()
