"""Finds and loads the function's code."""
import importlib
import os
import sys
from importlib.machinery import (EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader,
                                 SourcelessFileLoader)

USUAL_NAMES = ("lambda", "lambda_", "handler")
VIRTUAL_ENVIRONMENTS = (".venv", "venv")
# Byte code of the function's files is kept beside the launcher: the function's folder is not ours to write to.
CACHE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cache")
# What a fork server has made ahead. Code is no state: it is run afresh in each worker.
compiled_ahead = {}  # path: the file's mark, its code
made_ahead = {}  # file: the empty module for it
entered = []


class LoadError(Exception):
    """The handler cannot be had, and why."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def prepare(load):
    """What takes a call's environment and body to the handler, loaded as the function's `L` says."""
    enter(load)
    for name, value in (load.get("variables") or {}).items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    signature = load.get("signature") or "shortedfaas"
    if signature != "shortedfaas":
        # `google-event` lives in google.py.
        return importlib.import_module("_shortedfaas." + signature.partition("-")[0]).prepare(load)
    handler = found(module_of(load), load.get("handler"), USUAL_NAMES, load["file"])
    if load.get("input") == "bytes":
        return lambda environment, body: handler(bytes(body), environment)
    return lambda environment, body: handler(str(body, "utf-8"), environment)


def enter(load):
    """Makes the folder the place where the code runs and finds its modules."""
    folder, file = load["folder"], load["file"]
    if entered == [folder, file]:
        return
    entered[:] = [folder, file]
    os.chdir(folder)
    sys.argv[:] = [file]
    folders = [folder]
    if os.path.dirname(file):
        # Python looks beside the file first; other platforms import it by its dotted name, from above.
        first = load.get("signature") in (None, "shortedfaas")
        folders.insert(0 if first else 1, os.path.join(folder, os.path.dirname(file)))
    for path in folders:
        sys.path_importer_cache.pop(path, None)
    sys.path[:0] = folders

    def hook(path):
        inside = path == folder or path.startswith(folder + os.sep)
        if not inside or path[len(folder) + 1:].partition(os.sep)[0] in VIRTUAL_ENVIRONMENTS:
            raise ImportError("not of the function")
        return FileFinder(path, (ExtensionFileLoader, EXTENSION_SUFFIXES), (FunctionLoader, [".py"]), (SourcelessFileLoader, [".pyc"]))

    sys.path_hooks.insert(0, hook)


class FunctionLoader(SourceFileLoader):
    """Loads a file of the function. Byte code is valid for the very file it was made of, not for all of that second and size:
    a function may be deployed twice within one."""

    def path_stats(self, path):
        status = os.stat(path)
        return {"mtime": mark(status), "size": status.st_size}

    def get_code(self, fullname):
        if self.path in compiled_ahead:
            made_of, code = compiled_ahead[self.path]
            if made_of == mark(os.stat(self.path)):
                return code
        before, sys.pycache_prefix = sys.pycache_prefix, CACHE
        try:
            return super().get_code(fullname)
        finally:
            sys.pycache_prefix = before


def mark(status):
    return hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size)) & 0xFFFFFFFF


def module_of(load):
    """The module in the handler's file, loaded by its path: names like `lambda` and `json` are as good as any."""
    module = made_ahead.pop(load["file"], None) or empty_module(load)
    spec = module.__spec__
    code = spec.loader.get_code(spec.name)
    sys.modules[spec.name] = module
    try:
        exec(code, vars(module))
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    return sys.modules[spec.name]


def empty_module(load):
    """What the file's code is to be run in."""
    file = load["file"]
    path = os.path.join(load["folder"], file)
    if not os.path.isfile(path):
        raise LoadError("missing", f"there is no file {file} in the function's folder")
    stem = os.path.splitext(file)[0]
    is_package = os.path.basename(stem) == "__init__"
    name = os.path.dirname(stem) if is_package else stem
    name = os.path.basename(name).replace(".", "_") if "." in name else name.replace(os.sep, ".")
    if not name or name in sys.modules:
        name = "function_" + name.replace(".", "_")
    spec = ModuleSpec(name, FunctionLoader(name, path), origin=path, is_package=is_package)
    spec.has_location = True
    module = type(sys)(name)
    module.__spec__, module.__loader__, module.__file__, module.__package__ = spec, spec.loader, path, spec.parent
    if is_package:
        module.__path__ = spec.submodule_search_locations
        module.__path__.append(os.path.dirname(path))
    if "." in name:
        setattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2], module)
    return module


def found(module, name, usual_names, file):
    """The handler in its module: the one named, else the first of the usual names that is there."""
    handler = module
    prefix, _, last = (name or "").rpartition(".")
    path = last if prefix.replace(".", os.sep) == os.path.splitext(file)[0] else name
    # The name that a manifest gives where Python cannot have it.
    if path and (path != "lambda" or hasattr(module, path)):
        for part in path.split("."):
            if not hasattr(handler, part):
                raise LoadError("missing", f"{file} has no {name}; it has {_functions_in(module)}")
            handler = getattr(handler, part)
    else:
        name = next((usual for usual in usual_names if hasattr(module, usual)), None)
        if name is None:
            wanted = ", ".join(usual_names[:-1]) + " or " + usual_names[-1]
            raise LoadError("missing", f"{file} has no {wanted}, and run.json names no handler; the file has {_functions_in(module)}")
        handler = getattr(module, name)
    if not callable(handler):
        raise LoadError("missing", f"{name} in {file} is no function but of type {type(handler).__name__}")
    return handler


def _functions_in(module):
    names = [name for name, value in vars(module).items() if name[:1] != "_" and callable(value) and getattr(value, "__module__", "") == module.__name__]
    return ", ".join(names[:8]) if names else "no functions"
