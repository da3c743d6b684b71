"""A worker: reads calls from the host, has the handler run, writes what comes of it."""
import atexit
import gc
import io
import os
import sys

from . import loading, plain_json
from .environment import Environment
from .frames import Channel

# Descriptors of our own, so that a handler that closes 3 does not stop us: high, and below 256, where the kernel's table would grow.
HIGH_DESCRIPTORS = (250, 120, 62, 30)


def main(incoming, outgoing, worker=None):
    """Serves until the host hangs up; does not return."""
    code = 1
    try:
        worker = worker or Worker()
        worker.channel = Channel(out_of_reach(incoming, 0), out_of_reach(outgoing, 1))
        code = worker.run()
    except BrokenPipeError:
        pass  # The host is gone.
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        leave(code)


class Worker:
    def __init__(self):
        self.channel = None
        self.forked = False
        self.load = {}
        self.call = None
        os.register_at_fork(after_in_child=self._now_a_child)
        for stream in (sys.stdout, sys.stderr):
            # By line, not whole: what was printed before a crash is there. In UTF-8, whatever the locale.
            if stream is not None:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)

    def run(self):
        """Loads the handler and serves calls; the process's exit code."""
        while True:
            frame = self.channel.receive()
            if frame is None or frame[0] == b"S":
                return 0
            if frame[0] == b"I":
                self.invoke(frame[1], frame[2])
            elif frame[0] == b"L" and not self.prepare(plain_json.decode(frame[1])):
                return 1

    def prepare(self, load):
        self.load = load
        try:
            self.call = loading.prepare(load)
        except BaseException as error:
            self._end_if_forked(error)
            from . import errors
            self.send_header(b"B", errors.broken(error, load["folder"]))
            return False
        self._end_if_forked(None)
        self.send_header(b"H", {"protocol": 1, "pid": os.getpid(), "language": "python", "version": sys.version.split()[0]})
        return True

    def invoke(self, header, body):
        environment = Environment(header, self.load)
        try:
            kind, payload = encoded(self.call(environment, body))
            if kind == b"C":
                from . import results
                kind, header, payload = results.send_pieces(self.channel, environment, payload)
            else:
                header = environment.answer_header()
        except BaseException as error:
            self._end_if_forked(error)
            from . import errors
            self.send_header(b"E", errors.described(error, self.load, environment))
            return
        if self.forked:
            leave(0)
        flush()
        self.channel.send(kind, header, payload)

    def send_header(self, kind, header):
        flush()
        self.channel.send(kind, plain_json.encode(header), b"")

    def _now_a_child(self):
        if self.channel is not None:  # Else it is a fork server's child: the worker itself.
            self.forked = True
            self.channel.close()

    def _end_if_forked(self, error):
        """A child that the handler forked never answers: it ends as a program of its own would."""
        if not self.forked:
            return
        if error is None or isinstance(error, SystemExit) and not error.code:
            leave(0)
        if isinstance(error, SystemExit):
            leave(error.code & 255 if isinstance(error.code, int) else 1)
        sys.excepthook(type(error), error, error.__traceback__)
        leave(1)


def encoded(result):
    """The type of the frame that bears a result, and its body; for `C` an iterator of pieces."""
    kind = type(result)
    if kind is str:
        return b"T", result.encode()
    if result is None:
        return b"T", b""
    if kind is bytes:
        return b"O", result
    if kind is Encoded:
        return result.kind, result.body
    if isinstance(result, str):
        return b"T", str(result).encode()
    if isinstance(result, (bytes, bytearray, memoryview)):
        return b"O", bytes(result)
    if hasattr(kind, "__await__"):
        from . import results
        return encoded(results.awaited(result))
    if hasattr(kind, "__next__") or hasattr(kind, "__anext__"):
        return b"C", result
    return b"J", plain_json.encode(result)


class Encoded:
    """A result that a signature has already put into the form in which it is sent."""

    def __init__(self, kind, body):
        self.kind = kind
        self.body = body


class Failure(Exception):
    """An error that a signature names as its platform does."""

    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


def flush():
    """What the code printed leaves before the answer does."""
    out, err = sys.stdout, sys.stderr
    try:
        out.flush()
        err.flush()
        if out is sys.__stdout__ and err is sys.__stderr__:
            return
    except Exception:
        pass  # The function closed or replaced one of them.
    for stream in (out, err, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except Exception:
            pass


def leave(code):
    """Ends the process as the interpreter would, without its slow taking apart and without waiting for threads."""
    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass
    flush()
    for thing in gc.get_objects():
        if type(thing) in (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom):
            try:
                thing.flush()
            except Exception:
                pass
    os._exit(code)


def out_of_reach(descriptor, offset):
    """A second number for a descriptor, one that no code closes by chance."""
    os.set_inheritable(descriptor, False)
    for number in HIGH_DESCRIPTORS:
        try:
            return os.dup2(descriptor, number + offset, inheritable=False)
        except OSError:
            continue
    return os.dup(descriptor)
