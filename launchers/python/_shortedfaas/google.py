"""The signatures of Google Cloud Functions, with the user's flask and, where it is there, functions_framework."""
import contextlib
import functools
import os
import sys

from . import loading

USUAL_NAMES = loading.USUAL_NAMES + ("main",)


def prepare(load):
    flask = _imported("flask")
    application = flask.Flask(load["function"], root_path=load["folder"]) if flask else None
    framework = _imported("functions_framework") if _asks_for_framework(load) else None
    if framework and application:
        # Where @functions_framework.errorhandler leads to.
        framework.errorhandler = application.errorhandler
    with application.app_context() if application else contextlib.nullcontext():
        module = loading.module_of(load)
    registry = sys.modules.get("functions_framework._function_registry")
    kinds = getattr(registry, "REGISTRY_MAP", {})
    name = load.get("handler") or os.environ.get("FUNCTION_TARGET") or (next(iter(kinds)) if len(kinds) == 1 else None)
    handler = _waiting(loading.found(module, name, USUAL_NAMES, load["file"]))
    # The decorator decides, before run.json does.
    kind = kinds.get(handler.__name__) or ("http" if load["signature"] == "google" else _kind_of_event(handler))
    if handler.__name__ in getattr(registry, "ASGI_FUNCTIONS", ()):
        return _asgi(load, module, registry, handler.__name__, kind)
    if kind in ("event", "cloudevent") and not (framework and application):
        from . import google_events
        return google_events.prepare(handler, kind)
    if application is None:
        raise loading.LoadError("import", "the signature google needs the package flask, best in a .venv in the function's folder")
    return _wsgi(application, framework, handler, kind)


def _imported(name):
    try:
        return __import__(name)
    except ImportError:
        return None


def _asks_for_framework(load):
    """It takes 0.2 s to import: only where its decorators are used, or events are to be converted."""
    if load["signature"] != "google":
        return True
    try:
        with open(os.path.join(load["folder"], load["file"]), "rb") as file:
            return b"functions_framework" in file.read()
    except OSError:
        return False


def _kind_of_event(handler):
    """`f(data, context)` is for background events, `f(cloud_event)` for CloudEvents."""
    import inspect
    try:
        return "event" if len(inspect.signature(handler).parameters) > 1 else "cloudevent"
    except (TypeError, ValueError):
        return "event"


def _waiting(handler):
    """The handler, also where it is `async def`."""

    @functools.wraps(handler)
    def called(*arguments):
        result = handler(*arguments)
        if hasattr(type(result), "__await__"):
            from .results import awaited
            result = awaited(result)
        return result

    called.__name__ = getattr(handler, "__name__", type(handler).__name__)
    return called


def _wsgi(application, framework, handler, kind):
    import flask
    from werkzeug.routing import Rule

    from . import wsgi

    application.config["PROPAGATE_EXCEPTIONS"] = True  # An error is the call's failure, not a page.
    if framework and hasattr(framework, "_configure_app"):
        framework._configure_app(application, handler, kind)
    elif kind == "http":
        for path, endpoint in (("/", "run"), ("/robots.txt", "error"), ("/favicon.ico", "error"), ("/<path:path>", "run")):
            application.url_map.add(Rule(path, defaults={"path": ""} if path == "/" else None, endpoint=endpoint))
        application.view_functions["run"] = lambda path: handler(flask.request._get_current_object())
        application.view_functions["error"] = lambda: flask.abort(404)
    else:
        raise loading.LoadError("load", f"a function of the kind {kind} needs the package functions-framework in a version that has it")
    return lambda environment, body: wsgi.call(application.wsgi_app, environment, bytes(body))


def _asgi(load, module, registry, name, kind):
    """Functions of functions_framework.aio."""
    from functions_framework.aio import create_asgi_app_from_module

    from . import asgi

    signature_type = registry.get_func_signature_type(name, kind)
    application = create_asgi_app_from_module(name, os.path.join(load["folder"], load["file"]), signature_type, module, module.__spec__)
    return lambda environment, body: asgi.call(application, environment, body)
