"""Several logs in one order: by time, then by source, then as they came.

A line waits a short window for earlier ones of other sources. One that comes later still stands where it
came, and `late` says so: what is shown never moves under the reader.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from .store import Batch, Line, LogStore

WINDOW = 0.2
_SETTLE = 2.0
_SLICE = 512


class MergedLines:
    """The lines of `stores` as one `Lines`; `update` takes in what came.

    A line's id is its place in the merged order. Invariant: the three columns have the same length.
    """

    def __init__(self, stores: Sequence[LogStore], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.stores = stores
        self.dropped = 0
        self._clock = clock
        self._first = 0
        self._sources = bytearray()
        self._ids = array("q")
        self._times = array("q")
        self._next = [store.first for store in stores]
        self._pending: list[tuple[int, int, int, float]] = []
        self._settled = False
        self._began = self._came = clock()

    @property
    def first(self) -> int:
        self._forget()
        return self._first

    @property
    def end(self) -> int:
        return self._first + len(self._ids)

    def update(self) -> bool:
        """Put into order what has waited long enough; returns whether lines are still waiting."""
        now = self._clock()
        for source, store in enumerate(self.stores):
            for batch in store.batches(self._next[source], store.end):
                self._came = now
                self._pending += ((at, source, batch.first + i, now) for i, at in enumerate(batch.times))
            self._next[source] = store.end
        # At first each source sends its past, one sooner than the other: wait until they pause.
        if not self._settled and now - self._came < WINDOW and now - self._began < _SETTLE:
            return True
        self._settled = self._settled or bool(self._pending)
        waited = [each[0] for each in self._pending if now - each[3] >= WINDOW]
        if waited:
            horizon = max(waited)
            self._pending.sort()
            cut = next((i for i, each in enumerate(self._pending) if each[0] > horizon), len(self._pending))
            for at, source, id, _ in self._pending[:cut]:
                self._sources.append(source)
                self._ids.append(id)
                self._times.append(at)
            del self._pending[:cut]
        return bool(self._pending)

    def reorder(self) -> Callable[[int], int]:
        """Put all that the stores hold into order anew, older lines that were loaded among them.

        Returns what gives the new id of a line by the one that it had.
        """
        before = self._first, self._sources, self._ids, self._times
        held = sorted(
            (at, source, batch.first + i)
            for source, store in enumerate(self.stores)
            for batch in store.batches(store.first, store.end)
            for i, at in enumerate(batch.times)
        )
        self._sources = bytearray(source for _, source, _ in held)
        self._ids = array("q", (id for _, _, id in held))
        self._times = array("q", (at for at, _, _ in held))
        self._first = before[0] + len(before[2]) - len(held)
        self._pending.clear()
        self._next = [store.end for store in self.stores]
        self._settled = True
        first = self._first

        def moved(id: int) -> int:
            at = id - before[0]
            if not 0 <= at < len(before[2]):
                return id
            return first + bisect_left(held, (before[3][at], before[1][at], before[2][at]))

        return moved

    def late(self, id: int) -> bool:
        """Whether a line came after a later one was shown already."""
        at = id - self._first
        return 0 < at < len(self._times) and self._times[at] < self._times[at - 1]

    def line(self, id: int) -> Line:
        at = id - self._first
        if not 0 <= at < len(self._ids):
            raise KeyError(id)
        source = self._sources[at]
        return self.stores[source].line(self._ids[at])._replace(id=id, source=source)

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        start, stop = max(start, self.first), min(stop, self.end)
        for low in range(start, stop, _SLICE):
            lines = [self.line(id) for id in range(low, min(low + _SLICE, stop))]
            yield Batch(
                low,
                [line.text for line in lines],
                bytes(line.stream for line in lines),
                [line.time for line in lines],
                bytes(line.source for line in lines),
            )

    def find_time(self, ns: int) -> int:
        return next((self._first + at for at, each in enumerate(self._times) if each >= ns), self.end)

    def _forget(self) -> None:
        """Begin after the last line that one of the stores has dropped."""
        cut = 0
        firsts = [store.first for store in self.stores]
        if all(self._oldest(source) >= first for source, first in enumerate(firsts)):
            return
        for at in range(len(self._ids) - 1, -1, -1):
            if self._ids[at] < firsts[self._sources[at]]:
                cut = at + 1
                break
        del self._sources[:cut], self._ids[:cut], self._times[:cut]
        self._first += cut
        self.dropped += cut

    def _oldest(self, source: int) -> int:
        at = self._sources.find(source)
        return self._ids[at] if at >= 0 else self.stores[source].end
