"""Frames: one byte for the type, the lengths of header and body in four bytes each, header, body."""
import os

PIECE_BYTES = 65536
NO_HEADER = b"\0\0\0\0"


class Channel:
    """Frames from one descriptor and to another, with a single system call each as long as they are small."""

    def __init__(self, incoming, outgoing):
        self.incoming = incoming
        self.outgoing = outgoing
        self._data = b""
        self._at = 0

    def receive(self):
        """Type, header and body of the next frame; None when the host has hung up."""
        data, at = self._data, self._at
        while len(data) - at < 9:
            piece = self._read()
            if not piece:
                return None
            data = data[at:] + piece
            at = 0
        body = at + 9 + int.from_bytes(data[at + 1:at + 5], "big")
        end = body + int.from_bytes(data[at + 5:at + 9], "big")
        if end <= len(data):
            self._data, self._at = data, end
            return data[at:at + 1], data[at + 9:body], data[body:end]
        whole = self._whole(data[at:], end - at)
        self._data, self._at = b"", 0
        return whole and (bytes(whole[:1]), bytes(whole[9:body - at]), whole[body - at:])

    def _whole(self, data, size):
        """A long frame, read into one buffer without reading beyond it."""
        whole = memoryview(bytearray(size))
        filled = len(data)
        whole[:filled] = data
        while filled < size:
            count = os.readv(self.incoming, [whole[filled:]])
            if not count:
                return None
            filled += count
        return whole

    def _read(self):
        return os.read(self.incoming, PIECE_BYTES)

    def send(self, kind, header, body):
        size = len(body)
        start = kind + (len(header).to_bytes(4, "big") if header else NO_HEADER) + size.to_bytes(4, "big")
        if size <= PIECE_BYTES:
            self._write(start + header + body)
        else:
            self._write(start + header)
            self._write(memoryview(body))

    def _write(self, data):
        written = os.write(self.outgoing, data)
        # A signal that a handler of the function's caught may have cut the write short.
        while written < len(data):
            data = data[written:]
            written = os.write(self.outgoing, data)

    def close(self):
        """For the child of a fork: it shares the descriptors and must neither answer nor keep them open."""
        for descriptor in (self.incoming, self.outgoing):
            try:
                os.close(descriptor)
            except OSError:
                pass
        self.incoming = self.outgoing = -1
