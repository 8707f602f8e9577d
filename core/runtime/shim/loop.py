"""The shim's one loop: epoll(7) for descriptors, a heap for timers."""

from __future__ import annotations

import heapq
import select
import sys
import time
import traceback
from collections.abc import Callable

READ, WRITE, GONE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLHUP | select.EPOLLERR

Handler = Callable[[int], None]

# So often may the handler of one descriptor fail before it is left alone.
_MISTAKES = 3


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
    """Calls handlers with the events of their descriptor, until `stop`.

    A mistake of ours in one of them must not end the container that this process keeps alive: it is written
    to standard error (the spawner's log), and a descriptor that goes on failing is watched no more.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[Timer] = []
        self._mistakes: dict[int, int] = {}
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
            self._mistakes.pop(descriptor, None)

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
                    self._call(descriptor, handler, events)

    def _call(self, descriptor: int, handler: Handler, events: int) -> None:
        try:
            handler(events)
        except Exception:  # noqa: BLE001
            traceback.print_exc(file=sys.stderr)
            self._mistakes[descriptor] = self._mistakes.get(descriptor, 0) + 1
            if self._mistakes[descriptor] >= _MISTAKES:
                self.forget(descriptor)

    def _run_timers(self) -> float:
        """Run what is due; give the seconds to the next timer, -1 without one, 0 when the loop is to stop."""
        while self._timers and not self._stopped:
            timer = self._timers[0]
            wait = timer.due - time.monotonic()
            if timer.action is not None and wait > 0:
                return wait
            heapq.heappop(self._timers)
            if timer.action is not None:
                self._call(-1, _without_events(timer.action), 0)
        return 0 if self._stopped else -1


def _without_events(action: Callable[[], None]) -> Handler:
    return lambda _events: action()
