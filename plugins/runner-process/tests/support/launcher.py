"""A launcher that does what the body of a call says: one word, then its argument."""
import json, os, signal, socket, struct, sys, time


def serve():
    """A template: forks a worker whenever it is asked. Comes back in a worker."""
    host = socket.socket(fileno=3)
    given = []

    def exactly(count):
        data = b""
        while len(data) < count:
            part, descriptors, _, _ = socket.recv_fds(host, count - len(data), 4)
            given.extend(descriptors)
            if not part:
                os._exit(0)
            data += part
        return data

    def say_to_host(kind, header):
        header = json.dumps(header).encode()
        host.sendall(struct.pack(">cII", kind, len(header), 0) + header)

    mode = sys.argv[2] if len(sys.argv) > 2 else ""
    while True:
        kind, header, _ = struct.unpack(">cII", exactly(9))
        header = json.loads(exactly(header) or b"{}")
        if kind == b"L":
            if mode == "broken":
                sys.exit("no template today")
            say_to_host(b"H", {"protocol": 1, "pid": os.getpid()})
        if kind == b"F":
            if mode == "cannot":
                say_to_host(b"P", {"pid": 0, "message": "no forks today"})
                continue
            pid = os.fork()
            if pid == 0:
                os.setpgid(0, 0)
                # None of them may lie where another goes.
                high = [os.dup2(descriptor, 40 + number) for number, descriptor in enumerate(given)]
                for number, descriptor in enumerate(high, 1):
                    os.dup2(descriptor, number)
                os.closerange(5, 100)
                host.detach()
                return
            os.setpgid(pid, pid)
            for descriptor in given:
                os.close(descriptor)
            given.clear()
            say_to_host(b"P", {"pid": pid})
        if kind == b"R":
            pid, status, usage = os.wait4(header["pid"], 0)
            used = int(1e6 * (usage.ru_utime + usage.ru_stime))
            say_to_host(b"X", {"pid": pid, "status": status, "cpu_us": used, "max_rss_bytes": usage.ru_maxrss * 1024})


is_template = sys.argv[1:2] == ["--template"]
if is_template:
    serve()
host, answers = os.fdopen(3, "rb", buffering=0), os.fdopen(4, "wb", buffering=0)
os.set_inheritable(3, False)
os.set_inheritable(4, False)


def exactly(count):
    parts = []
    while count:
        part = host.read(min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def frame():
    kind, header, body = struct.unpack(">cII", exactly(9))
    return kind, json.loads(exactly(header) or b"{}"), exactly(body)


def write(kind, header=None, body=b""):
    header = json.dumps(header).encode() if header is not None else b""
    data = memoryview(struct.pack(">cII", kind, len(header), len(body)) + header + body)
    while data:
        data = data[answers.write(data):]


def say(text, to=sys.stdout):
    to.write(text)
    to.flush()


def call(header, body):
    word, _, argument = body.partition(b" ")
    text = argument.decode("latin-1")
    if word == b"echo":
        write(b"T", None, argument)
    elif word == b"header":
        write(b"J", None, json.dumps(header).encode())
    elif word == b"load":
        write(b"J", None, json.dumps(load).encode())
    elif word == b"pid":
        write(b"T", None, str(os.getpid()).encode())
    elif word == b"parent":
        write(b"T", None, str(os.getppid()).encode())
    elif word == b"answer":
        kind, answer_header, answer_body = text.split(" ", 2)
        write(kind.encode(), json.loads(answer_header), answer_body.encode())
    elif word == b"zeros":
        write(b"O", None, b"\0" * int(text))
    elif word == b"chunks":
        for number in range(int(text)):
            write(b"C", {"code": 201} if number == 0 else None, b"%d," % number)
        write(b"T", None, b"end")
    elif word == b"endless":
        while True:
            write(b"C", None, b"x" * 1000)
    elif word == b"broken-chunks":
        write(b"C", None, b"some")
        write(b"E", {"type": "Late", "message": "no more"})
    elif word == b"raise":
        write(b"E", {"type": "ValueError", "message": text, "trace": "line 1"})
    elif word == b"print":
        say(text)
        say("err", sys.stderr)
        write(b"T", None, b"printed")
    elif word == b"flood":
        for _ in range(int(text)):
            say("x" * 100_000)
        write(b"T", None, b"flooded")
    elif word == b"later":
        write(b"T", None, b"now")
        say("x" * int(text))
    elif word == b"sleep":
        time.sleep(float(text))
        write(b"T", None, b"slept")
    elif word == b"wait":
        while not os.path.exists(text):
            time.sleep(0.002)
        write(b"T", None, b"waited")
    elif word == b"touch":
        open(text, "a").close()
        write(b"T", None, b"touched")
    elif word == b"exit":
        os._exit(int(text))
    elif word == b"answer-and-exit":
        write(b"T", None, b"last")
        os._exit(3)
    elif word == b"kill":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == b"raw":
        answers.write(argument)
        time.sleep(1000)
    elif word == b"close":
        os.close(answers.fileno())
        time.sleep(1000)
    elif word == b"child":
        pid = os.fork()
        if pid == 0:
            time.sleep(1000)
        write(b"T", None, str(pid).encode())
    elif word == b"spin":
        until = time.process_time() + float(text)
        while time.process_time() < until:
            pass
        write(b"T", None, b"spun")
    elif word == b"descriptors":
        names = sorted(int(name) for name in os.listdir("/proc/self/fd"))
        write(b"T", None, repr(names).encode())
    elif word == b"environment":
        write(b"J", None, json.dumps(dict(os.environ)).encode())
    elif word == b"read":
        try:
            write(b"O", None, open(text, "rb").read())
        except OSError as error:
            write(b"E", {"type": "OSError", "message": str(error)})


kind, load, _ = frame()
assert kind == b"L", kind
mode = sys.argv[1] if len(sys.argv) > 1 and not is_template else ""
say("loaded\n")
if mode == "broken":
    write(b"B", {"kind": "import", "message": "No module named 'nope'", "trace": "line 7"})
    sys.exit(1)
if mode == "exits":
    sys.exit("a reason of its own")
if mode == "babbles":
    write(b"Z", None)
if mode == "old":
    write(b"H", {"protocol": 7})
if mode == "hangs":
    time.sleep(1000)
write(b"H", {"protocol": 1, "pid": os.getpid(), "language": "test", "version": "1"})
while True:
    kind, header, body = frame()
    if kind == b"I":
        call(header, body)
    if kind == b"S":
        if mode == "stubborn":
            time.sleep(1000)
        say("asked to end\n")
        sys.exit(0)
