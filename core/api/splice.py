"""Two raw streams joined: what a hijack is on this side."""

from __future__ import annotations

import asyncio

from ..schema.message import Stream


async def splice(near: Stream, far: Stream) -> None:
    """Carry bytes both ways until `far` (the process) is at its end, or `near` (the client) is gone.

    The end of what the client sends is passed on, and output goes on being carried.
    """
    upward = asyncio.ensure_future(_carry(near, far))
    try:
        await _carry(far, near)
    finally:
        upward.cancel()
        await asyncio.gather(upward, return_exceptions=True)
        await far.close()


async def _carry(source: Stream, target: Stream) -> None:
    try:
        while data := await source.read():
            await target.write(data)
        await target.close_write()
    except OSError:
        # The other side went away; there is nobody left to tell.
        pass
