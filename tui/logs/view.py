"""The ids of the lines that pass the filters, kept true while lines come and go.

History is read in slices, the newest first, so that the screen is right before the whole log has been read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from .filter import Filter
from .store import Lines

SLICE = 20_000
"""Lines read a frame."""


class LineView:
    """A sequence of line ids in ascending order.

    Invariant: `_back` descends and lies below `_low` start, `_front[_cut:]` ascends above it.
    """

    def __init__(self, lines: Lines, *filters: Filter) -> None:
        self.lines = lines
        self.filters = tuple(f for f in filters if f)
        self._back = array("q")
        self._front = array("q")
        self._cut = 0
        self._low = self._high = lines.end

    @property
    def complete(self) -> bool:
        """Whether all of the history has been read."""
        return not self.filters or self._low <= self.lines.first

    def __len__(self) -> int:
        if not self.filters:
            return self.lines.end - self.lines.first
        return len(self._back) + len(self._front) - self._cut

    def update(self, slice: int = SLICE) -> bool:
        """Read what came, and a slice of history; returns whether more is to be read."""
        if not self.filters:
            return False
        self._forget()
        high = self.lines.end
        budget = slice
        if high - self._high > 4 * slice:
            # More came than a frame can read: the newest first, the rest as history.
            self._back, self._front, self._cut = array("q"), array("q"), 0
            self._low = self._high = high
        self._front.extend(self._passing(self._high, high))
        budget -= high - self._high
        self._high = high
        if budget > 0 and self._low > self.lines.first:
            low = max(self.lines.first, self._low - budget)
            found = self._passing(low, self._low)
            found.reverse()
            self._back.extend(found)
            self._low = low
        return not self.complete

    def index(self, id: int) -> int:
        """Return how many ids are below `id`."""
        if not self.filters:
            return min(max(id - self.lines.first, 0), len(self))
        if self._back and id <= self._back[0]:
            return len(self._back) - bisect_right(self._back, -id, key=lambda each: -each)
        return len(self._back) + bisect_left(self._front, id, lo=self._cut) - self._cut

    def at(self, index: int) -> int:
        """Return the id at `index`; IndexError outside."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        if not self.filters:
            return self.lines.first + index
        if index < len(self._back):
            return self._back[len(self._back) - 1 - index]
        return self._front[self._cut + index - len(self._back)]

    def nearest(self, id: int) -> int | None:
        """Return the first id not before `id`, else the last one, None when there is none."""
        return self.at(min(self.index(id), len(self) - 1)) if len(self) else None

    def step(self, id: int, by: int) -> int | None:
        """Return the id `by` places after (before, when negative) `id`, None beyond an end."""
        at = self.index(id)
        if by > 0 and (at >= len(self) or self.at(at) != id):
            by -= 1
        at += by
        return self.at(at) if 0 <= at < len(self) else None

    def _passing(self, start: int, stop: int) -> array[int]:
        ids = array("q")
        for batch in self.lines.batches(start, stop):
            chosen = self.filters[0].select(batch)
            for other in self.filters[1:]:
                passing = set(other.select(batch))
                chosen = [index for index in chosen if index in passing]
            ids.extend(batch.first + index for index in chosen)
        return ids

    def _forget(self) -> None:
        first = self.lines.first
        while self._back and self._back[-1] < first:
            self._back.pop()
        if not self._back:
            self._cut = bisect_left(self._front, first, lo=self._cut)
            if self._cut > 65536:
                del self._front[: self._cut]
                self._cut = 0
        self._low = max(self._low, first)
        self._high = max(self._high, first)
