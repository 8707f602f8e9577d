"""Two raw streams joined: what a hijack is on this side."""

from __future__ import annotations

import asyncio

from ..containers.detach import Detector
from ..schema.message import Stream


async def splice(near: Stream, far: Stream, detector: Detector | None = None) -> None:
    """Carry bytes both ways until `far` (the process) is at its end, or `near` (the client) is gone.

    The end of what the client sends is passed on, and output goes on being carried. A client that types the
    detector's keys leaves, and the process goes on.
    """
    upward = asyncio.ensure_future(_carry(near, far, detector))
    downward = asyncio.ensure_future(_carry(far, near))
    try:
        await asyncio.wait({upward, downward}, return_when=asyncio.FIRST_COMPLETED)
        if detector is None or not detector.found:
            await downward
    finally:
        for task in (upward, downward):
            task.cancel()
        await asyncio.gather(upward, downward, return_exceptions=True)
        await far.close()


async def _carry(source: Stream, target: Stream, detector: Detector | None = None) -> None:
    try:
        while data := await (source.read() if detector is None else detector.read(source)):
            await target.write(data)
        if detector is not None and detector.found:
            return
        await target.close_write()
    except OSError:
        # The other side went away; there is nobody left to tell.
        pass


class Framed:
    """A process's raw output for a client that wants frames; a `Stream`.

    dockerd frames by what the start of an exec says of a terminal, whatever its creation said.
    """

    def __init__(self, raw: Stream) -> None:
        self._raw = raw

    async def read(self, n: int = 65536) -> bytes:
        data = await self._raw.read(n)
        return bytes((1, 0, 0, 0)) + len(data).to_bytes(4, "big") + data if data else b""

    async def write(self, data: bytes) -> None:
        await self._raw.write(data)

    async def close_write(self) -> None:
        await self._raw.close_write()

    async def close(self) -> None:
        await self._raw.close()
