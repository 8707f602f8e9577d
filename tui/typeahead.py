"""Keys typed ahead act as if typed slowly: one is handed on only when the one before it has done its work.

Textual gives a key to the focused widget at once and looks its binding up when it has bubbled to the app; a
burst would go to the widget that had the focus at its beginning. So keys and pastes wait here. After each of
them the messages that it caused are let through, and an action that opens a dialog or a pane is waited for:
until it is there, and for `PATIENCE_S` at most. A text box and a shell take letters in order by themselves:
those go straight through.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.widgets import Input
from textual.worker import NoActiveWorker, Worker, get_current_worker

from .widgets.shellpane import ShellPane

PATIENCE_S = 2.0
# Someone who types into a shell that did not open needs a moment to see that.
DEAF_S = 0.8
# The messages of a key, then those that its action and its dialog sent.
_ROUNDS = 2
_PASS_S = 0.5
_ANSWERS = ("enter", "tab", "backspace", "up", "down", "left", "right")

Typed = events.Key | events.Paste


class TypeAhead:
    """The keys of one app that wait for their turn.

    Invariant: `_waiting` is in the order of typing, and nothing passes it by.
    """

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._acting: set[Worker[None]] = set()
        self._came = asyncio.Event()
        self._moved = asyncio.Event()
        self._handing = False
        self._deaf_until = 0.0

    @property
    def at_rest(self) -> bool:
        """Whether all that was typed has done its work."""
        if self._waiting or self._handing:
            return False
        return self._dialog_is_open() or all(worker.is_finished for worker in self._acting)

    def take(self, event: Typed) -> bool:
        """Keep what was typed until its turn; False when it can go to the focused widget at once."""
        if time.monotonic() < self._deaf_until and _is_text(event):
            return True
        self._deaf_until = 0.0
        if self.at_rest and self._straight(event):
            return False
        self._waiting.append(event)
        self._came.set()
        return True

    async def run(self, deliver: Callable[[Typed], Awaitable[None]]) -> None:
        """Hand on what waits, for as long as the app runs."""
        while True:
            await self._came.wait()
            self._came.clear()
            self._handing = True
            while self._waiting:
                await self._settle()
                if not self._waiting:
                    break
                event = self._waiting.popleft()
                straight = self._straight(event)
                path = self._path()
                await deliver(event)
                if not straight:
                    await self._let_through(path)
            await self._settle()
            self._handing = False

    # -- what actions say

    def hold(self, worker: Worker[None]) -> None:
        """Keep what is typed from now on until this worker has opened what it opens, or ended."""
        self._acting.add(worker)

    def let_go(self) -> None:
        """The worker that calls this has nothing more to open: typing goes on beside it."""
        try:
            self._acting.discard(get_current_worker())
        except NoActiveWorker:
            return
        self._moved.set()

    def moved(self) -> None:
        """A dialog opened, or an action ended."""
        self._moved.set()

    def drop(self) -> None:
        """What was typed was meant for something that did not open or just ended: no list may get it.

        That goes on for a moment, or until a key that is no text.
        """
        self._waiting.clear()
        self._deaf_until = time.monotonic() + DEAF_S

    # -- waiting

    def _straight(self, event: Typed) -> bool:
        match self._app.focused:
            case ShellPane() as shell:
                return shell.captures(event)
            case Input():
                return isinstance(event, events.Paste) or event.is_printable
            case _:
                return False

    def _path(self) -> list[MessagePump]:
        """The nodes that a key passes on its way up."""
        start: DOMNode = self._app.focused or self._app.screen
        return list(start.ancestors_with_self)

    async def _let_through(self, path: list[MessagePump]) -> None:
        for _ in range(_ROUNDS):
            for node in path:
                await _passed(node, _PASS_S)
            path = [*path, *(node for node in self._path() if node not in path)]

    async def _settle(self) -> None:
        """Wait until what the last key began has opened what it opens."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while self._acting and not self._dialog_is_open():
            self._moved.clear()
            self._acting = {worker for worker in self._acting if not worker.is_finished}
            if not self._acting:
                break
            try:
                async with asyncio.timeout_at(deadline):
                    await self._moved.wait()
            except TimeoutError:
                self._acting.clear()
        if self._dialog_is_open():
            await _passed(self._app.screen, PATIENCE_S)

    def _dialog_is_open(self) -> bool:
        return len(self._app.screen_stack) > 1


async def _passed(node: MessagePump, seconds: float) -> None:
    """Wait until a node has worked off what it had been sent; one that is going is not waited for long."""
    done = asyncio.Event()
    if node.is_running and node.call_later(done.set):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await done.wait()


def _is_text(event: Typed) -> bool:
    return isinstance(event, events.Paste) or event.is_printable or event.key in _ANSWERS
