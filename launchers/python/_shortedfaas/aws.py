"""The signature of AWS Lambda: `handler(event, context)`, its events, answers, log and errors."""
import json
import logging
import os
import sys
import time

from . import loading, plain_json
from .http_event import add_header, host_and_port, is_text, own_path
from .worker import Encoded, Failure

USUAL_NAMES = ("lambda_handler", "handler") + loading.USUAL_NAMES[:2]
ACCOUNT = "000000000000"


def prepare(load):
    function = Function(load)
    handler = loading.found(loading.module_of(load), load.get("handler"), USUAL_NAMES, load["file"])
    event_of, answer_of = (http_event, http_answer) if load.get("event") == "http" else (json_event, json_answer)

    def call(environment, body):
        function.context = context = Context(function, environment)
        try:
            event = event_of(environment, body)
        except NotJson as error:
            return bad_request(environment, error)
        result = handler(event, context)
        if hasattr(type(result), "__await__"):
            from .results import awaited
            result = awaited(result)
        return answer_of(environment, result)

    return call


class Function:
    """What all calls share: the process's variables and its log are set up as Lambda's."""

    def __init__(self, load):
        self.context = None
        self.name = load["function"]
        self.memory_mib = str((load.get("memory_bytes") or 128 << 20) >> 20)
        self.log_group = f"/aws/lambda/{self.name}"
        self.log_stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{os.urandom(16).hex()}"
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        self.arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{self.name}"
        defaults = {
            "AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": self.memory_mib,
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group, "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "LAMBDA_TASK_ROOT": load["folder"],
            "AWS_EXECUTION_ENV": "AWS_Lambda_python%d.%d" % sys.version_info[:2],
            "_HANDLER": f"{os.path.splitext(load['file'])[0]}.{load.get('handler') or 'lambda_handler'}",
            "AWS_XRAY_SDK_ENABLED": "false",  # There is no daemon to report to.
        }
        for name, value in defaults.items():
            os.environ.setdefault(name, value)
        self._set_up_log()

    def _set_up_log(self):
        handler = _LogHandler(self)
        formatter = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
        logging.getLogger().addHandler(handler)


class _LogHandler(logging.Handler):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def emit(self, record):
        context = self.function.context
        record.aws_request_id = context.aws_request_id if context else ""
        sys.stdout.write(self.format(record) + "\n")


class Context:
    """What Lambda hands over beside the event."""

    def __init__(self, function, environment):
        self.aws_request_id = environment.id
        self.log_group_name = function.log_group
        self.log_stream_name = function.log_stream
        self.function_name = function.name
        self.memory_limit_in_mb = function.memory_mib
        self.function_version = "$LATEST"
        self.invoked_function_arn = function.arn
        self.client_context = _client_context(environment.headers.get("x-amz-client-context"))
        self.identity = _Attributes({}, ("cognito_identity_id", "cognito_identity_pool_id"))
        self.tenant_id = None
        self._epoch_deadline_time_in_ms = environment.deadline

    def get_remaining_time_in_millis(self):
        return max(self._epoch_deadline_time_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([" + ",".join(f"{name}={value}" for name, value in vars(self).items() if name[:1] != "_") + "])"


class _Attributes:
    def __init__(self, values, names):
        for name in names:
            setattr(self, name, values.get(name))


def _client_context(header):
    if not header:
        return None
    import base64
    try:
        values = json.loads(base64.b64decode(header))
        context = _Attributes(values, ("custom", "env"))
        names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
        context.client = _Attributes(values["client"], names) if values.get("client") else None
    except (ValueError, AttributeError, TypeError):
        return None
    return context


class NotJson(Exception):
    """The caller's mistake, in a function that takes a JSON event."""


def bad_request(environment, error):
    environment.code = 400
    environment.response_headers["content-type"] = "application/problem+json"
    problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": str(error), "component": "caller", "invocation_id": environment.id}
    return Encoded(b"J", to_json(problem))


def json_event(environment, body):
    try:
        # A call without a payload: Lambda gives its functions an empty object.
        return json.loads(bytes(body)) if len(body) else {}
    except ValueError as error:
        raise NotJson(f"the body is not JSON: {error}") from None


def http_event(environment, body):
    """Payload format 2.0, as of a function URL."""
    headers = dict(environment.headers)
    host, port = host_and_port(environment)
    now = time.time()
    content = _event_body(body, environment.content_type)
    event = {"version": "2.0", "routeKey": "$default", "rawPath": own_path(environment), "rawQueryString": environment.query_string}
    cookies = headers.pop("cookie", "")
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";") if cookie.strip()]
    event["headers"] = headers
    for name, value in (("x-forwarded-for", environment.remote_address), ("x-forwarded-port", port), ("x-forwarded-proto", "http")):
        headers.setdefault(name, value)
    if environment.query_string:
        event["queryStringParameters"] = _joined(environment.query_string)
    event["requestContext"] = {
        "accountId": ACCOUNT, "apiId": environment.function, "authentication": None, "domainName": host, "domainPrefix": host.partition(".")[0],
        "http": {"method": environment.method, "path": event["rawPath"], "protocol": environment.protocol or "HTTP/1.1",
                 "sourceIp": environment.remote_address, "userAgent": headers.get("user-agent", "")},
        "requestId": environment.id, "routeKey": "$default", "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)), "timeEpoch": int(now * 1000),
    }
    if environment.identity:
        event["requestContext"]["authorizer"] = {"lambda": {"principalId": environment.identity}}
    event.update(content, pathParameters=None, stageVariables=None)
    return event


def _event_body(body, content_type):
    if not len(body):
        return {"isBase64Encoded": False}
    if is_text(content_type):
        try:
            return {"body": str(body, "utf-8"), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    import base64
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _joined(query_string):
    from urllib.parse import parse_qsl
    parameters = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def json_answer(environment, result):
    if isinstance(result, bytes):
        environment.response_headers.setdefault("content-type", "application/unknown")
        return result
    return Encoded(b"J", to_json(result))


def http_answer(environment, result):
    if not isinstance(result, dict) or "statusCode" not in result:
        return Encoded(b"J", to_json(result))
    try:
        environment.code = int(result["statusCode"])
    except (TypeError, ValueError):
        raise Failure("Runtime.MarshalError", f"statusCode is {result['statusCode']!r}; it must be a number") from None
    for name, value in (result.get("headers") or {}).items():
        environment.response_headers[str(name).lower()] = value if isinstance(value, str) else _plain(value)
    for name, values in (result.get("multiValueHeaders") or {}).items():
        environment.response_headers[str(name).lower()] = [_plain(value) for value in values]
    for cookie in result.get("cookies") or []:
        add_header(environment, "set-cookie", cookie)
    environment.response_headers.setdefault("content-type", "application/json")
    body = result.get("body")
    if body is None:
        return ""
    if not isinstance(body, str):
        raise Failure("Runtime.MarshalError", f"body is of type {type(body).__name__}; it must be text, for instance json.dumps(...)")
    if not result.get("isBase64Encoded"):
        return body
    import base64
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise Failure("Runtime.MarshalError", f"body is not base64, though isBase64Encoded is set: {error}") from None


def _plain(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def to_json(result):
    """As Lambda's own runtime: a Decimal is a number, NaN is let through."""
    decimals, place = [], os.urandom(8).hex()

    def default(value):
        if type(value).__name__ == "Decimal" and type(value).__module__ in ("decimal", "_decimal"):
            decimals.append(str(value))
            return f"{place}-{len(decimals) - 1}-"
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    try:
        encoded = plain_json.encode(result, default, True)
    except (TypeError, ValueError, RecursionError) as error:
        raise Failure("Runtime.MarshalError", f"Unable to marshal response: {error}") from None
    for number, text in enumerate(decimals):
        encoded = encoded.replace(f'"{place}-{number}-"'.encode(), text.encode(), 1)
    return encoded


def error_payload(header, error, environment):
    """What Lambda's own interface answers for this error."""
    from . import errors
    if isinstance(error, SystemExit):
        return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {environment.id} Error: Runtime exited with error: exit status {error.code}"}
    stack = []
    try:
        import traceback
        stack = traceback.format_list(traceback.extract_tb(errors.own_part(error)))
    except Exception:
        pass  # The trace is a kindness.
    return {"errorMessage": header["message"], "errorType": header["type"], "requestId": environment.id, "stackTrace": [errors.clean(line) for line in stack]}
