"""Work that tells how it goes, as the JSON stream of Docker's API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from ..schema.images import Progress, ProgressDetail
from ..units import human_size

_BAR = 50
_BAR_SECONDS = 0.1

Tell = Callable[[Progress], None]


async def streamed(work: Callable[[Tell], Awaitable[None]]) -> AsyncIterator[Progress]:
    """Yield what `work` tells while it runs; its failure is raised at the end.

    The work is cancelled, and waited for, when the reader goes away.
    """
    told: asyncio.Queue[Progress | None] = asyncio.Queue()

    async def run() -> None:
        try:
            await work(told.put_nowait)
        finally:
            told.put_nowait(None)

    running = asyncio.ensure_future(run())
    try:
        while (item := await told.get()) is not None:
            yield item
        await running
    finally:
        running.cancel()
        await asyncio.wait([running])


def message(text: str) -> Progress:
    return Progress(stream=text + "\n")


def bar(status: str, identity: str, current: int, total: int) -> Progress:
    """Return a step of a progress bar, with Docker's drawing of it in words."""
    done = min(current, total) * _BAR // total if total else _BAR
    drawn = "=" * (done - 1) + ">" if done else ">"
    text = f"[{drawn:<{_BAR}}]  {human_size(current, 4)}/{human_size(total, 4)}"
    detail = ProgressDetail(current=current, total=total)
    return Progress(status=status, id=identity, progress_detail=detail, progress=text)


class Throttled:
    """A progress bar that is told at most ten times a second."""

    def __init__(self, tell: Tell, status: str, identity: str, total: int) -> None:
        self._tell = tell
        self._status = status
        self._identity = identity
        self._total = total
        self._last = 0.0

    def __call__(self, current: int) -> None:
        if (at := time.monotonic()) - self._last >= _BAR_SECONDS:
            self._last = at
            self._tell(bar(self._status, self._identity, current, self._total))
