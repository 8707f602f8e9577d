"""Wake-ups inside this engine for whoever waits for a container to change."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator


class Changes:
    """Who waits for which container. Woken by the bell: a shim's news, or another engine's change."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Callable[[], None]]] = {}

    def wake(self, identity: str) -> None:
        """Let everyone who listens to this container look again."""
        for listener in tuple(self._listeners.get(identity, ())):
            listener()

    def wake_all(self) -> None:
        for identity in tuple(self._listeners):
            self.wake(identity)

    @contextlib.contextmanager
    def listen(self, identity: str, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at each change while the block runs."""
        listeners = self._listeners.setdefault(identity, set())
        listeners.add(listener)
        try:
            yield
        finally:
            listeners.discard(listener)
            if not listeners:
                self._listeners.pop(identity, None)

    async def until(self, identity: str, done: Callable[[], bool]) -> None:
        """Return once `done()` is true, asked now and at each change."""
        news = asyncio.Event()
        with self.listen(identity, news.set):
            while not done():
                await news.wait()
                news.clear()
