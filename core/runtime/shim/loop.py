"""The shim's one loop: epoll(7) for descriptors, a heap for timers."""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Callable

READ, WRITE, GONE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP | select.EPOLLERR

Handler = Callable[[int], None]


class Timer:
    """A call that is due at a moment of the monotonic clock, unless cancelled."""

    __slots__ = ("action", "due")

    def __init__(self, due: float, action: Callable[[], None]) -> None:
        self.due = due
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None

    def __lt__(self, other: Timer) -> bool:
        return self.due < other.due


class Loop:
    """Calls handlers with the events of their descriptor, until `stop`."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[Timer] = []
        self._stopped = False

    def watch(self, descriptor: int, events: int, handler: Handler) -> None:
        """Call `handler(events)` whenever one of `events` holds; GONE always counts."""
        self._epoll.register(descriptor, events)
        self._handlers[descriptor] = handler

    def change(self, descriptor: int, events: int) -> None:
        """Watch for other events from now on."""
        if descriptor in self._handlers:
            self._epoll.modify(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Stop watching; before the descriptor is closed. Forgetting twice is fine."""
        if self._handlers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Call `action` once, in `seconds`."""
        timer = Timer(time.monotonic() + seconds, action)
        heapq.heappush(self._timers, timer)
        return timer

    def stop(self) -> None:
        self._stopped = True

    def run(self) -> None:
        while not self._stopped:
            for descriptor, events in self._epoll.poll(self._run_timers()):
                # An earlier handler of this round may have closed the descriptor; another file may have its
                # number by now, whose handler then finds nothing to read, which all handlers allow.
                handler = self._handlers.get(descriptor)
                if handler is not None:
                    handler(events)

    def _run_timers(self) -> float:
        """Run what is due; give the seconds to the next timer, -1 without one."""
        while self._timers:
            timer = self._timers[0]
            if timer.action is not None and timer.due > time.monotonic():
                return timer.due - time.monotonic() if timer.due > time.monotonic() else 0
            heapq.heappop(self._timers)
            if timer.action is not None and not self._stopped:
                timer.action()
        return -1
