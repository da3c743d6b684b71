"""The handlers of launchers/conformance/README.md."""
import os
import signal
import subprocess
import sys
import threading
import time

calls = 0
not_a_function = 42


def unless_calm(handler):
    return lambda input, environment: input if input == "calm" else handler(input, environment)


def echo(input, environment):
    return input


echo_bytes = echo


def map(input, environment):
    return {"a": 1, "b": [True, None, "ü"]}


def list(input, environment):
    return [1, 2, 3]


def number(input, environment):
    return 42


def boolean(input, environment):
    return True


def nothing(input, environment):
    pass


@unless_calm
def unencodable(input, environment):
    ring = []
    ring.append(ring)
    return ring


@unless_calm
def code(input, environment):
    environment.code = 201
    return "created"


@unless_calm
def headers(input, environment):
    environment.response_headers["content-type"] = "text/csv"
    environment.response_headers["x-case"] = "yes"
    return "a,b"


def cookies(input, environment):
    environment.response_headers["set-cookie"] = ["a=1", "b=2"]
    return "two"


@unless_calm
def bad_header(input, environment):
    environment.response_headers["x-bad"] = "a\r\nx-evil: 1"
    return "bad"


@unless_calm
def code_out_of_range(input, environment):
    environment.code = 999
    return "out of range"


def environment(input, environment):
    names = ("code response_headers headers method path path_info query query_string content_type accept function id deadline "
             "asynchronous identity variables")
    answer = {name: getattr(environment, name) for name in names.split()}
    return dict(answer, process_variable=os.environ.get("COLOUR"))


def deadline(input, environment):
    return environment.deadline - int(time.time() * 1000)


def relative_file(input, environment):
    with open("data.txt") as file:
        return file.read()


@unless_calm
def raise_error(input, environment):
    raise ValueError("deliberate")


@unless_calm
def raise_unencodable(input, environment):
    raise ValueError("deliberate \ud800")


@unless_calm
def exit_inside(input, environment):
    sys.exit(3)


@unless_calm
def killed(input, environment):
    os.kill(os.getpid(), signal.SIGKILL)


@unless_calm
def endless_loop(input, environment):
    while True:
        pass


@unless_calm
def recursion(input, environment):
    def deeper():
        return deeper() + 1
    return deeper()


@unless_calm
def huge_output(input, environment):
    return "x" * 20_000_000


@unless_calm
def print_during(input, environment):
    print("printed by the handler", end="")
    print("and to stderr", file=sys.stderr)
    return "quiet"


def print_and_raise(input, environment):
    print("printed by the handler")
    raise ValueError("deliberate")


@unless_calm
def print_much(input, environment):
    print("o" * 2_000_000)
    print("e" * 2_000_000, file=sys.stderr)
    return "quiet"


def print_after(input, environment):
    threading.Timer(0.05, print, ["printed later"]).start()
    return "quiet"


def print_by_a_child(input, environment):
    subprocess.run(["sh", "-c", "echo printed by a child"], check=True)
    return "quiet"


def thread_left(input, environment):
    threading.Thread(target=time.sleep, args=[60]).start()
    return "left"


def fork_inside(input, environment):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return "forked"


def descriptors_of_a_child(input, environment):
    command = "if [ -e /proc/self/fd/3 ] || [ -e /proc/self/fd/4 ]; then printf open; else printf closed; fi"
    return subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, close_fds=False, check=True).stdout.decode()


def read_stdin(input, environment):
    return f"stdin: {len(sys.stdin.read())}"


@unless_calm
def close_fd3(input, environment):
    os.close(3)
    return "closed"


@unless_calm
def scribble_fd4(input, environment):
    with open("/dev/fd/4", "wb", buffering=0) as frames:
        frames.write(b"this is not a frame!")
    while True:
        pass


def count(input, environment):
    global calls
    calls += 1
    return str(calls)
