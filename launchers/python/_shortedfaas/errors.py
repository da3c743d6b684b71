"""Puts an error of the function's code into words; loaded when there is one."""
import os

from .loading import LoadError
from .worker import Failure

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
LONGEST_MESSAGE = 16 * 1024
LONGEST_TRACE = 64 * 1024


def described(error, load, environment):
    """The header of an `E`."""
    header = {"type": error_type(error), "message": message_of(error), "trace": trace_of(error)}
    if load.get("signature") == "aws":
        from . import aws
        header["payload"] = aws.error_payload(header, error, environment)
    return header


def broken(error, folder):
    """The header of a `B`."""
    if isinstance(error, LoadError):
        return {"kind": error.kind, "message": message_of(error), "trace": ""}
    place = _place(error, folder)
    if isinstance(error, SyntaxError):
        file = os.path.relpath(error.filename, folder) if error.filename else "?"
        return {"kind": "syntax", "message": clean(f"{file}, line {error.lineno}: {error.msg}"), "trace": trace_of(error)}
    if isinstance(error, SystemExit):
        return {"kind": "load", "message": f"{message_of(error)} while the file was loaded{place}", "trace": trace_of(error)}
    message = f"{error_type(error)}: {message_of(error)}{place}"
    if isinstance(error, ModuleNotFoundError):
        message += "; packages are looked for in a .venv in the function's folder, then where the interpreter has them"
    return {"kind": "import" if isinstance(error, ImportError) else "load", "message": message, "trace": trace_of(error)}


def error_type(error):
    return error.error_type if isinstance(error, Failure) else type(error).__name__


def message_of(error):
    if isinstance(error, SystemExit):
        return clean(f"the code called exit({'' if error.code is None else repr(error.code)})")
    try:
        return clean(str(error))[:LONGEST_MESSAGE]
    except BaseException as second:
        return f"(its message cannot be read: {type(second).__name__})"


def trace_of(error):
    """As Python prints it, without the launcher's own lines."""
    try:
        import traceback
        trace = "".join(traceback.format_exception(type(error), error, own_part(error)))
    except BaseException:  # For instance a traceback.py in the function's folder.
        trace = f"{type(error).__name__}: {message_of(error)}\n"
    trace = clean(trace)
    if len(trace) > LONGEST_TRACE:
        trace = trace[:LONGEST_TRACE // 2] + "\n  …\n" + trace[-LONGEST_TRACE // 2:]
    return trace


def own_part(error):
    """The traceback from the first line of the function's code on; None when no line of it was reached."""
    part = error.__traceback__
    while part is not None:
        file = part.tb_frame.f_code.co_filename
        if not file.startswith((OWN_FOLDER, "<frozen importlib")) and "importlib" not in file.rsplit(os.sep, 2)[-2:-1]:
            return part
        part = part.tb_next
    return None


def _place(error, folder):
    """The last line of the function's own files that the error came through."""
    place, part = "", error.__traceback__
    while part is not None:
        file = part.tb_frame.f_code.co_filename
        inside = os.path.relpath(file, folder) if file.startswith(folder + os.sep) else ""
        if inside and inside.partition(os.sep)[0] not in (".venv", "venv"):
            place = f" ({inside}, line {part.tb_lineno})"
        part = part.tb_next
    return place


def clean(text):
    """Without what UTF-8 has no form for: lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
