"""Plays the host: starts workers and fork servers of the launcher and talks frames to them."""
import array
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

LAUNCHER_FILES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE_S = 30


class Case(unittest.TestCase):
    """A function's folder, and a copy of the launcher as the host writes it."""

    @classmethod
    def setUpClass(cls):
        cls.launcher_folder = tempfile.mkdtemp(prefix="launcher-")
        shutil.copytree(os.path.join(LAUNCHER_FILES, "_shortedfaas"), os.path.join(cls.launcher_folder, "_shortedfaas"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(os.path.join(LAUNCHER_FILES, "launcher.py"), cls.launcher_folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.launcher_folder)

    def setUp(self):
        signal.alarm(PATIENCE_S)
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="function-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(signal.alarm, 0)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def load(self, **changes):
        load = {"protocol": 1, "function": "greeter", "folder": self.folder, "file": "lambda.py", "handler": None, "signature": "shortedfaas",
                "event": "json", "input": "text", "variables": {}, "timeout_ms": 60000, "memory_bytes": None, "version": "1"}
        return dict(load, **changes)

    def worker(self, source=None, environment=None, **changes):
        if source is not None:
            self.write("lambda.py", source)
        worker = SpawnedWorker(self.launcher_folder, self.load(**changes), environment)
        self.addCleanup(worker.end)
        return worker

    def template(self, source=None, environment=None, **changes):
        if source is not None:
            self.write("lambda.py", source)
        template = Template(self.launcher_folder, self.load(**changes), environment)
        self.addCleanup(template.end)
        return template

    def answer(self, source, body=b"", call=None, **changes):
        """(type, header, body) of one call of a new worker."""
        worker = self.worker(source, **changes)
        self.assertEqual(worker.hello[0], "H", worker.hello)
        return worker.call(body, **(call or {}))


class Frames:
    """Frames over two descriptors."""

    def __init__(self, incoming, outgoing):
        self.incoming, self.outgoing, self.rest = incoming, outgoing, b""

    def send(self, kind, header=None, body=b""):
        os.write(self.outgoing, frame(kind, header, body))

    def receive(self):
        while len(self.rest) < 9 or len(self.rest) < self._size():
            piece = os.read(self.incoming, 1 << 20)
            if not piece:
                return None
            self.rest += piece
        size, header_end = self._size(), 9 + int.from_bytes(self.rest[1:5], "big")
        data, self.rest = self.rest[:size], self.rest[size:]
        return data[:1].decode(), json.loads(data[9:header_end] or b"{}"), data[header_end:]

    def _size(self):
        return 9 + int.from_bytes(self.rest[1:5], "big") + int.from_bytes(self.rest[5:9], "big")


class Worker(Frames):
    """A worker that has been told to load."""

    def __init__(self, incoming, outgoing, load):
        super().__init__(incoming, outgoing)
        self.send(b"L", load)
        self.hello = self.receive()

    def call(self, body=b"", **header):
        self.send(b"I", header_of(**header), body)
        return self.receive()

    def pieces(self, body=b"", **header):
        answers = [self.call(body, **header)]
        while answers[-1][0] == "C":
            answers.append(self.receive())
        return answers

    def close(self):
        for descriptor in (self.incoming, self.outgoing):
            os.close(descriptor)


class SpawnedWorker(Worker):
    def __init__(self, launcher_folder, load, environment=None):
        self.log = tempfile.TemporaryFile("w+")
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self.process = start([os.path.join(launcher_folder, "launcher.py")], load, environment, {1: self.log.fileno(), 2: self.log.fileno(), 3: from_host, 4: to_host})
        os.close(from_host)
        os.close(to_host)
        super().__init__(from_worker, to_worker, load)

    def shut_down(self):
        self.send(b"S")
        return self.process.wait(PATIENCE_S)

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.close()
        self.log.close()


class Template(Frames):
    def __init__(self, launcher_folder, load, environment=None):
        self.load = load
        self.socket, other = socket.socketpair()
        self.process = start([os.path.join(launcher_folder, "launcher.py"), "--template"], load, environment, {3: other.fileno()})
        other.close()
        super().__init__(self.socket.fileno(), self.socket.fileno())
        self.send(b"L", load)
        self.hello = self.receive()
        self.workers = []

    def fork(self):
        from_host, to_worker = os.pipe()
        from_worker, to_host = os.pipe()
        self.socket.sendmsg([frame(b"F")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2, from_host, to_host]))])
        os.close(from_host)
        os.close(to_host)
        kind, header, _ = self.receive()
        assert kind == "P", (kind, header)
        worker = Worker(from_worker, to_worker, self.load)
        worker.pid = header["pid"]
        self.workers.append(worker)
        return worker

    def reap(self, worker):
        self.send(b"R", {"pid": worker.pid})
        kind, header, _ = self.receive()
        assert kind == "X", (kind, header)
        return header

    def end(self):
        self.socket.close()
        self.process.wait(PATIENCE_S)
        for worker in self.workers:
            worker.close()


def frame(kind, header=None, body=b""):
    header = json.dumps(header).encode() if header else b""
    return kind + len(header).to_bytes(4, "big") + len(body).to_bytes(4, "big") + header + body


def header_of(**changes):
    header = {"id": "01", "method": "POST", "path": "/f/greeter", "path_info": "", "query_string": "", "query": {}, "headers": {"host": "localhost:8080"},
              "content_type": "", "accept": "", "identity": "", "deadline": 4102444800000, "asynchronous": False, "remote_address": "127.0.0.1",
              "server_name": "localhost", "protocol": "HTTP/1.1"}
    return dict(header, **changes)


def start(arguments, load, environment, descriptors):
    """With exactly these descriptors beside 0, 1 and 2; others would keep pipes open."""

    def place():
        # First out of the way of each other's numbers.
        high = {number: _above(descriptor, 20) for number, descriptor in descriptors.items()}
        for number, descriptor in high.items():
            os.dup2(descriptor, number)
        os.closerange(max(descriptors) + 1 if max(descriptors) > 2 else 3, 256)

    variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen([sys.executable] + arguments, cwd=load["folder"], env=dict(variables, **load["variables"], **(environment or {})),
                            stdin=subprocess.DEVNULL, close_fds=False, preexec_fn=place)


def _above(descriptor, least):
    while descriptor < least:
        descriptor = os.dup(descriptor)
    return descriptor
