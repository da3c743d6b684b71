"""Results that take their time: coroutines, and output in pieces; loaded when a handler returns one."""
import asyncio
import sys


_loop = None


def loop():
    """One event loop for all calls: what a handler's module keeps, a connection for instance, belongs to it."""
    global _loop
    if _loop is None or _loop.is_closed():
        # Before 3.10 locks and queues made at load belong to the loop that get_event_loop() gives.
        try:
            _loop = asyncio.get_event_loop() if sys.version_info < (3, 10) else asyncio.new_event_loop()
        except RuntimeError:  # asyncio.run() at load took it away.
            _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    return _loop


def awaited(awaitable):
    if asyncio.iscoroutine(awaitable) or asyncio.isfuture(awaitable):
        return loop().run_until_complete(awaitable)

    async def wait():
        return await awaitable

    return loop().run_until_complete(wait())


def send_pieces(channel, environment, pieces):
    """Sends pieces as they come; the type, header and body of the frame that ends them."""
    kind, header = b"T", None
    for piece in _one_by_one(pieces):
        if isinstance(piece, str):
            data = piece.encode()
        elif isinstance(piece, (bytes, bytearray, memoryview)):
            data = bytes(piece)
            kind = b"O" if header is None else kind
        else:
            raise TypeError(f"a piece of the output is of type {type(piece).__name__}; pieces are text or bytes")
        if header is None:
            header = _first_header(environment, kind)
            channel.send(b"C", header, data)
        else:
            channel.send(b"C", b"", data)
    return kind, environment.answer_header() if header is None else b"", b""


def _one_by_one(pieces):
    if hasattr(type(pieces), "__next__"):
        yield from pieces
        return
    end = object()

    async def following():
        try:
            return await pieces.__anext__()
        except StopAsyncIteration:
            return end

    while True:
        piece = loop().run_until_complete(following())
        if piece is end:
            return
        yield piece


def _first_header(environment, kind):
    """The first piece is sent before its kind is known from the last frame: the type of the content goes with it."""
    environment.answer_header()  # Says what is wrong with it, if something is.
    headers = environment.response_headers
    if not any(str(name).lower() == "content-type" for name in headers):
        headers["content-type"] = "text/plain; charset=utf-8" if kind == b"T" else "application/octet-stream"
    return environment.answer_header()


