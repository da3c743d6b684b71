"""The floor of a cold Python call: a process that forks for each pair of descriptors it is sent; the child echoes stdin and ends."""

import gc
import os
import socket


def echo():
    pieces = []
    while piece := os.read(0, 65536):
        pieces.append(piece)
    output = b"".join(pieces)
    while output:
        output = output[os.write(1, output) :]


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def serve(requests):
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, 1, 2)
        if not message:
            return
        if os.fork() == 0:
            os.dup2(descriptors[0], 0)
            os.dup2(descriptors[1], 1)
            for descriptor in descriptors:
                os.close(descriptor)
            echo()
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        reap()


serve(socket.socket(fileno=0))
