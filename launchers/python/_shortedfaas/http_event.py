"""What the signatures of other platforms share: the request as their frameworks want it."""

TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded")


def is_text(content_type):
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind.startswith(TEXT_TYPES) or kind.endswith(("+json", "+xml"))


def own_path(environment):
    """The path as the function's own server would see it: what follows its name, percent-encoded as it came."""
    return environment.path_info or "/"


def host_and_port(environment):
    host = environment.headers.get("host") or environment.server_name or "localhost"
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit() and not name.endswith(":"):
        return name, port
    return host, "80"


def add_header(environment, name, value):
    """Adds to the answer's headers; a name that is there gets another value."""
    headers = environment.response_headers
    name = name.lower()
    if name not in headers:
        headers[name] = value
    elif isinstance(headers[name], list):
        headers[name].append(value)
    else:
        headers[name] = [headers[name], value]
