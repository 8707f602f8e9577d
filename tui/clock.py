"""One frame clock for every pane that draws streams.

A pane that has something new marks itself; all marked panes draw in one batch, at most `fps` times a second.
The first mark after a pause draws at once, and while nothing is marked no timer runs.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from typing import Protocol
from weakref import WeakKeyDictionary

from textual.app import App

FPS = 10
FPS_SSH = 6
_URGENT = 0.015


class Paced(Protocol):
    """What the clock drives."""

    def frame(self) -> bool:
        """Draw what is new; returns whether there is more to do in the next frame."""


class FrameClock:
    """Use `clock_of(app)`: one clock an app, or the frames would not share a batch."""

    def __init__(self, app: App[object], fps: int) -> None:
        self.interval = 1 / fps
        self.frames = 0
        self._app = app
        self._marked: dict[Paced, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._drawn = 0.0

    def mark(self, pane: Paced, *, urgent: bool = False) -> None:
        """Draw `pane` in the next frame; `urgent`, after a key, in the next few milliseconds."""
        self._marked[pane] = None
        now = time.monotonic()
        due = max(now, self._drawn + (_URGENT if urgent else self.interval))
        if self._timer is not None:
            if due >= self._due:
                return
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.get_running_loop().call_later(due - now, self._post)

    def forget(self, pane: Paced) -> None:
        """Take out a pane that goes."""
        self._marked.pop(pane, None)

    def _post(self) -> None:
        # Drawing needs the app's context, which a timer of the loop has not.
        self._app.call_later(self._draw)

    def _draw(self) -> None:
        self._timer = None
        self._drawn = time.monotonic()
        self.frames += 1
        marked, self._marked = self._marked, {}
        with self._app.batch_update():
            more = [pane for pane in marked if pane.frame()]
        # A slow frame leaves the loop as much time as it took.
        self._drawn = max(self._drawn, 2 * time.monotonic() - self._drawn - self.interval)
        for pane in more:
            self.mark(pane)


_clocks: WeakKeyDictionary[App[object], FrameClock] = WeakKeyDictionary()


def clock_of(app: App[object], environ: Mapping[str, str] = os.environ) -> FrameClock:
    """Return the app's clock; over SSH it is slower."""
    clock = _clocks.get(app)
    if clock is None:
        clock = _clocks[app] = FrameClock(app, FPS_SSH if environ.get("SSH_CONNECTION") else FPS)
    return clock
