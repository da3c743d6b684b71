"""Imports ahead, in a fork server, what the function's files import from outside the function's folder."""
import ast
import importlib
import os
import sys

from . import loading

FILES_READ = 200
# Their threads are those of OpenBLAS, which ends them before a fork and starts them again when they are needed.
FORK_WITH_THREADS = frozenset({"numpy", "pandas", "scipy"})


# What the launcher itself needs for a signature.
OF_SIGNATURES = {
    "aws": ["_shortedfaas.aws"],
    "azure": ["_shortedfaas.azure", "azure.functions"],
    "google": ["_shortedfaas.google", "_shortedfaas.wsgi", "flask"],
    "google-event": ["_shortedfaas.google", "_shortedfaas.wsgi", "flask", "functions_framework"],
}


class Unfit(Exception):
    """A module must not be imported ahead: it starts threads, opens descriptors that workers would share, or asks for a module that
    the function's folder has too."""

    def __init__(self, module):
        super().__init__(module)
        self.module = module


def preload(load, without, loaded_anyway):
    """Imports what can be imported. Raises Unfit when that has spoilt this process: another is to do without the module."""
    folders = list(dict.fromkeys([load["folder"], os.path.dirname(os.path.join(load["folder"], load["file"]))]))
    own_modules = {name for folder in folders for name in _modules_in(folder)}
    guard = _Guard(own_modules)
    wanted = [(name, []) for name in OF_SIGNATURES.get(load.get("signature"), ()) if name.partition(".")[0] not in own_modules]
    wanted += _imports(folders, os.path.join(load["folder"], load["file"]), own_modules)
    sys.meta_path.insert(0, guard)
    try:
        for module, names in wanted:
            if module.partition(".")[0] not in without:
                _import(module, names, guard)
    finally:
        sys.meta_path.remove(guard)
    # A file of the function's with the name of a module that only a template loads is to be found, as it would be without one.
    for name in set(sys.modules) - loaded_anyway:
        if name.partition(".")[0] in own_modules:
            del sys.modules[name]


class _Guard:
    """Says so when a module asks for another that the function's folder has too: it would get the wrong one."""

    def __init__(self, own_modules):
        self.own_modules = own_modules
        self.asked = False

    def find_spec(self, name, path=None, target=None):
        if path is None and name in self.own_modules:
            self.asked = True
        return None


def _import(module, names, guard):
    threads_before, descriptors_before = threads(), _descriptors()
    for name in [module] + [f"{module}.{name}" for name in names]:
        try:
            if name == module or not hasattr(sys.modules[module], name.rpartition(".")[2]):
                importlib.import_module(name)
        except BaseException:  # The worker will have the same error, where it belongs.
            if name == module:
                break
    root = module.partition(".")[0]
    has_threads = threads() > threads_before and not (root in FORK_WITH_THREADS and len(sys._current_frames()) == 1)
    if guard.asked or has_threads or not _descriptors() <= descriptors_before:
        raise Unfit(root)


def threads():
    return len(os.listdir("/proc/self/task"))


def _descriptors():
    """What is open, but for devices: an event loop, a socket, a file with its position."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + number)
        except OSError:  # The one that read the folder.
            continue
        if not target.startswith("/dev/"):
            found.add((number, target))
    return found


def _modules_in(folder):
    """Names that an import would find in the folder."""
    try:
        entries = os.listdir(folder)
    except OSError:
        return []
    return [entry.partition(".")[0] for entry in entries if entry[:1] != "." and entry not in loading.VIRTUAL_ENVIRONMENTS]


def _imports(folders, file, own_modules):
    """(module, names imported from it) of all files of the function that the handler's file leads to; they are compiled too."""
    waiting, seen, found = [file], set(), []
    while waiting and len(seen) < FILES_READ:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        for module, names, level in _imports_of(path):
            if level or module.partition(".")[0] in own_modules:
                bases = [_base(path, level)] if level else folders
                waiting += [other for base in bases for part in [""] + names for other in _files(base, module, part)]
            else:
                found.append((module, names))
    return found


def _base(path, level):
    for _ in range(level):
        path = os.path.dirname(path)
    return path


def _files(base, module, part):
    stem = os.path.join(base, *module.split("."), part).rstrip(os.sep)
    return [path for path in (stem + ".py", os.path.join(stem, "__init__.py")) if os.path.isfile(path)]


def _imports_of(path):
    try:
        status = os.stat(path)
        with open(path, "rb") as file:
            source = file.read()
        tree = ast.parse(source, path)
        loading.compiled_ahead[path] = loading.mark(status), compile(source, path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    found = list(_top_level_imports(tree.body))
    if any(isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)) for node in ast.walk(tree)):
        found.append(("asyncio", [], 0))
    return found


def _top_level_imports(body):
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, [], 0
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", [alias.name for alias in node.names if alias.name != "*"], node.level
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _top_level_imports(node.orelse)
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for part in ("body", "handlers", "orelse", "finalbody"):
                for inner in getattr(node, part, []):
                    yield from _top_level_imports(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])
