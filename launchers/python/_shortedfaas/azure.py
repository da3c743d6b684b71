"""The signature of Azure Functions, models v1 (`main(req)`, function.json) and v2 (`FunctionApp`), with the user's azure-functions."""
import inspect
import json
import logging
import os
import sys
import threading

from . import loading
from .azure_routes import Route
from .http_event import add_header, own_path
from .worker import Failure

USUAL_NAMES = ("main",) + loading.USUAL_NAMES


def prepare(load):
    try:
        import azure.functions as library
    except ImportError as error:
        raise loading.LoadError("import", f"the signature azure needs the package azure-functions, best in a .venv in the function's folder ({error})") from None
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger().addHandler(_LogHandler())
    module = loading.module_of(load)
    functions = _functions_of_an_app(library, module, load) or [_function_of_a_file(library, module, load)]
    functions.sort(key=lambda function: -function.route.literals)

    def call(environment, body):
        function, parameters = _chosen(functions, environment)
        if function is None:
            environment.code = 404
            return ""
        return function.call(environment, body, parameters)

    return call


class _LogHandler(logging.Handler):
    def emit(self, record):
        print(self.format(record), file=sys.stderr)


def _functions_of_an_app(library, module, load):
    """Model v2: the HTTP functions of the app in function_app.py."""
    kind = getattr(library, "FunctionApp", None)
    bases = tuple(one for one in (kind, getattr(library, "ExternalHttpFunctionApp", None)) if one)
    name = load.get("handler")
    apps = [value for label, value in vars(module).items() if isinstance(value, bases)]
    if name and isinstance(getattr(module, name, None), bases):
        apps, name = [getattr(module, name)], None
    if not apps:
        return []
    all_functions = [function for app in apps for function in app.get_functions()]
    functions = [
        Function(library, load, one.get_function_name(), one.get_user_function(), [_plain(binding.get_dict_repr()) for binding in one.get_bindings()])
        for one in all_functions
        if one.get_trigger() is not None and one.get_trigger().type == "httpTrigger" and name in (None, one.get_function_name(), one.get_user_function().__name__)
    ]
    if not functions:
        names = ", ".join(one.get_function_name() for one in all_functions) or "none"
        raise loading.LoadError("missing", f"{load['file']} has no function {name or 'with an HTTP trigger'}; its functions: {names}")
    return functions


def _plain(binding):
    """Enumerations as function.json writes them."""
    return {key: getattr(value, "name", value).lower() if key == "direction" else value for key, value in binding.items()}


def _function_of_a_file(library, module, load):
    """Model v1: one function, described by function.json where there is one."""
    folder = os.path.join(load["folder"], os.path.dirname(load["file"]))
    described = {}
    try:
        with open(os.path.join(folder, "function.json"), encoding="utf-8-sig") as file:
            described = json.load(file)
    except FileNotFoundError:
        pass
    except ValueError as error:
        raise loading.LoadError("load", f"function.json cannot be read: {error}") from None
    handler = loading.found(module, load.get("handler") or described.get("entryPoint"), USUAL_NAMES, load["file"])
    name = os.path.basename(folder) if os.path.dirname(load["file"]) else load["function"]
    bindings = described.get("bindings")
    if bindings is None:
        parameters = list(inspect.signature(handler).parameters)
        bindings = [{"type": "httpTrigger", "direction": "in", "name": parameters[0] if parameters else "req"},
                    {"type": "http", "direction": "out", "name": "$return"}]
    return Function(library, load, name, handler, bindings)


class Function:
    """One function and its bindings."""

    def __init__(self, library, load, name, handler, bindings):
        self.library, self.name, self.handler = library, name, handler
        self.folder = os.path.dirname(os.path.join(load["folder"], load["file"]))
        trigger = next((binding for binding in bindings if binding["type"].lower() == "httptrigger"), None)
        if trigger is None:
            raise loading.LoadError("load", f"the function {name} has no HTTP trigger; nothing else can call it here")
        for binding in bindings:
            if binding is not trigger and binding.get("direction") == "in":
                raise loading.LoadError("load", f"the function {name} has the input binding {binding['name']} ({binding['type']}), which is not to be had here")
        self.trigger = trigger["name"]
        self.outputs = {one["name"]: one["type"] for one in bindings if one.get("direction") == "out" and one["name"] != "$return"}
        self.methods = {getattr(method, "value", method).upper() for method in trigger.get("methods") or ()}
        self.route = Route(trigger.get("route") or name)
        self.whole_app = (trigger.get("route") or "").strip("/").startswith("{*")
        parameters = inspect.signature(handler).parameters
        self.wants_context = "context" in parameters and self.trigger != "context"
        self.out = _out_class(library)

    def call(self, environment, body, parameters):
        scheme = environment.headers.get("x-forwarded-proto", "http")
        host = environment.headers.get("host") or environment.server_name
        path = own_path(environment) if self.whole_app else environment.path
        query = f"?{environment.query_string}" if environment.query_string else ""
        request = self.library.HttpRequest(
            method=environment.method, url=f"{scheme}://{host}{path}{query}", headers=environment.headers,
            params=environment.query, route_params=parameters, body=bytes(body))
        arguments = {self.trigger: request}
        outputs = {name: self.out() for name in self.outputs}
        arguments.update(outputs)
        if self.wants_context:
            arguments["context"] = Context(self, environment)
        result = self.handler(**arguments)
        if hasattr(type(result), "__await__"):
            from .results import awaited
            result = awaited(result)
        for name, output in outputs.items():
            if self.outputs[name] == "http":
                result = output.get() if output.get() is not None else result
            elif output.get() is not None:
                print(f"shortedfaas: the output binding {name} ({self.outputs[name]}) leads nowhere here; its value is dropped", file=sys.stderr)
        return self._answer(environment, result)

    def _answer(self, environment, result):
        if result is None:
            environment.code = 204
            return ""
        if isinstance(result, str):
            return result
        if not isinstance(result, self.library.HttpResponse):
            kind = type(result).__name__
            raise Failure("TypeError", f"the function returned a value of type {kind}; Azure takes an HttpResponse or text, for instance HttpResponse(json.dumps(...))")
        environment.code = int(result.status_code)
        for name, value in result.headers.items():
            add_header(environment, name, value)
        if "content-type" not in environment.response_headers and result.mimetype:
            charset = f"; charset={result.charset}" if result.mimetype.startswith("text/") and result.charset else ""
            environment.response_headers["content-type"] = result.mimetype + charset
        return result.get_body() or b""


def _chosen(functions, environment):
    """The function that a path belongs to, below the function's name or with it: /f/hello is the route `hello` of the folder hello."""
    rest = own_path(environment).strip("/")
    for path in (rest, f"{environment.function}/{rest}".strip("/")):
        for function in functions:
            parameters = function.route.match(path)
            if parameters is not None and (not function.methods or environment.method in function.methods):
                return function, parameters
    if not rest and len(functions) == 1 and (not functions[0].methods or environment.method in functions[0].methods):
        return functions[0], {}
    return None, {}


class Context:
    """What Azure hands over under the name `context`."""

    def __init__(self, function, environment):
        self.invocation_id = environment.id
        self.function_name = function.name
        self.function_directory = function.folder
        self.thread_local_storage = threading.local()
        self.thread_local_storage.invocation_id = environment.id
        self.trace_context = _Values(trace_parent=environment.headers.get("traceparent", ""), trace_state=environment.headers.get("tracestate", ""), attributes={})
        self.retry_context = _Values(retry_count=0, max_retry_count=0, exception=None)


class _Values:
    def __init__(self, **values):
        vars(self).update(values)


def _out_class(library):
    class Out(library.Out):
        value = None

        def set(self, value):
            self.value = value

        def get(self):
            return self.value

    return Out
