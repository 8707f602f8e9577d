"""Docker's multiplexed stream: frames of `[1|2, 0, 0, 0, length (4 bytes, big-endian)]` and that many bytes.

https://docs.docker.com/reference/api/engine/, "Attach to a container", "Stream format".
"""

from __future__ import annotations

from ..errors import Internal

STDOUT = 1
STDERR = 2
_HEADER = 8


class Demultiplexer:
    """Cuts chunks of any size into frames. Does no I/O.

    Parts of a frame are passed on as they come, so a frame of any length costs no memory; a header split over
    chunks is put together.
    """

    def __init__(self) -> None:
        self._header = b""
        self._stream = STDOUT
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return what `data` completes, as (1 stdout | 2 stderr, bytes); raises Internal on other streams."""
        out: list[tuple[int, bytes]] = []
        position, end = 0, len(data)
        while position < end:
            if self._left:
                part = data[position : position + self._left]
                out.append((self._stream, part))
                position += len(part)
                self._left -= len(part)
                continue
            need = _HEADER - len(self._header)
            self._header += data[position : position + need]
            position += need
            if len(self._header) == _HEADER:
                self._begin()
        return out

    def _begin(self) -> None:
        kind, self._left = self._header[0], int.from_bytes(self._header[4:], "big")
        self._header = b""
        if kind > 3:
            raise Internal(f"unrecognized stream in a multiplexed stream: {kind}")
        self._stream = STDERR if kind >= STDERR else STDOUT


def frame(stream: int, data: bytes) -> bytes:
    """Put the header before `data`."""
    return bytes((stream, 0, 0, 0)) + len(data).to_bytes(4, "big") + data
