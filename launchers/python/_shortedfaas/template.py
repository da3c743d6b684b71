"""The fork server: loads once what workers share, then forks one whenever the host asks."""
import sys

from . import worker

# What a worker of its own would have loaded too; what this file and preload.py need beside it must not be seen by the function.
LOADED_ANYWAY = frozenset(sys.modules)

import gc
import os
import signal
import socket
import warnings

from . import loading, plain_json
from .frames import Channel
from .preload import Unfit, preload, threads

DESCRIPTORS_OF_A_WORKER = 4
RECEIVED_AT_ONCE_BYTES = 1 << 16


def main(arguments):
    """Serves until the host hangs up; does not return. `--load FD --without NAMES`: continues for one that was spoilt."""
    code, template = 1, None
    try:
        template = Template(3)
        load, without = _taken_over(arguments) if arguments else (template.first_load(), [])
        gc.disable()  # No collection, no holes in the pages that are to be shared.
        function = plain_json.decode(load)
        try:
            preload(function, without, LOADED_ANYWAY)
        except Unfit as unfit:
            _start_again(template, load, without + [unfit.module])
        template.serve(_worker_for(function))
        code = 0
    except (BrokenPipeError, ConnectionResetError):
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        if template is not None:
            template.end_workers()
        os._exit(code)


def _start_again(template, load, without):
    """Another process without that module, on the same socket. `L` was read already: it goes along in a file without a name."""
    kept = os.memfd_create("load", 0)
    os.write(kept, load)
    os.dup2(template.incoming, 3)
    with open("/proc/self/cmdline", "rb") as file:
        command = file.read().split(b"\0")
    command = command[:command.index(b"--template") + 1] + [b"--load", str(kept).encode(), b"--without", ",".join(without).encode()]
    worker.flush()
    os.execv(sys.executable, command)


def _worker_for(function):
    """A worker that has done everything but run the function's code: each page that a child need not write to is saved time."""
    loading.enter(function)
    try:
        loading.made_ahead[function["file"]] = loading.empty_module(function)
    except Exception:
        pass  # The child will say what is wrong.
    return worker.Worker()


def _taken_over(arguments):
    kept = int(arguments[1])
    load = os.pread(kept, os.fstat(kept).st_size, 0)
    os.close(kept)
    return load, arguments[3].split(",")


class Template(Channel):
    """Frames over a socket, and the descriptors that come with them."""

    def __init__(self, descriptor):
        own = worker.out_of_reach(descriptor, 2)
        super().__init__(own, own)
        self.socket = socket.socket(fileno=own)
        # What is received gets numbers above 4, so that no descriptor of a worker is written over before it is in place.
        os.dup2(0, 4, inheritable=False)
        self.descriptors = []
        self.workers = set()
        self.ends_with_us = _parent_death_signal()

    def _read(self):
        data, attached, _, _ = self.socket.recvmsg(RECEIVED_AT_ONCE_BYTES, socket.CMSG_SPACE(64 * 4), socket.MSG_CMSG_CLOEXEC)
        for level, kind, numbers in attached:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                self.descriptors += [int.from_bytes(numbers[at:at + 4], sys.byteorder) for at in range(0, len(numbers) // 4 * 4, 4)]
        return data

    def first_load(self):
        frame = self.receive()
        while frame is not None and frame[0] != b"L":
            frame = self.receive()
        if frame is None:
            raise BrokenPipeError
        return frame[1]

    def serve(self, ready):
        if threads() > 1:  # preload.py knows that these bear it.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        gc.collect()
        gc.freeze()
        self._send(b"H", {"protocol": 1, "pid": os.getpid(), "language": "python", "version": sys.version.split()[0]})
        while True:
            frame = self.receive()
            if frame is None or frame[0] == b"S":
                return
            if frame[0] == b"F":
                self._fork(ready)
            elif frame[0] == b"R":
                self._reap(plain_json.decode(frame[1])["pid"])

    def _fork(self, ready):
        given = self.descriptors[:DESCRIPTORS_OF_A_WORKER]
        worker.flush()
        try:
            pid = os.fork()
        except OSError as error:
            pid, answer = None, {"pid": 0, "message": f"cannot fork: {error.strerror}"}
        if pid == 0:
            self._become_a_worker(given, ready)
        if pid:
            answer = {"pid": pid}
            self.workers.add(pid)
            try:  # In the child too: whoever comes first, the group is there when the host has its number.
                os.setpgid(pid, pid)
            except OSError:
                pass
        for descriptor in given:
            os.close(descriptor)
        del self.descriptors[:DESCRIPTORS_OF_A_WORKER]
        self._send(b"P", answer)

    def _become_a_worker(self, given, ready):
        try:
            template = os.getppid()
            os.setpgid(0, 0)
            self.ends_with_us()
            for number, descriptor in enumerate(given, 1):
                os.dup2(descriptor, number, inheritable=number < 3)
            for descriptor in [self.socket.detach()] + self.descriptors:
                os.close(descriptor)
            if template == os.getppid():
                gc.enable()
                # The module `random` sees to itself.
                if "numpy.random" in sys.modules:
                    sys.modules["numpy.random"].seed()
                worker.main(3, 4, ready)
        finally:
            os._exit(1)

    def _reap(self, pid):
        try:
            _, status, usage = os.wait4(pid, 0)
        except ChildProcessError:
            return
        self.workers.discard(pid)
        self._send(b"X", {"pid": pid, "status": status, "cpu_us": int((usage.ru_utime + usage.ru_stime) * 1e6),
                          "max_rss_bytes": usage.ru_maxrss * 1024})

    def end_workers(self):
        for pid in self.workers:
            try:
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                pass

    def _send(self, kind, header):
        self.send(kind, plain_json.encode(header), b"")


def _parent_death_signal():
    """What makes a worker end with this process, however that ends."""
    try:
        import ctypes
        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(1, signal.SIGKILL.value, 0, 0, 0)  # PR_SET_PDEATHSIG
    except (ImportError, AttributeError, OSError):
        return lambda: None
