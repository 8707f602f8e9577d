"""The ids of the lines that pass the filters, kept true while lines come and go.

History is read in slices, the newest first, so that the screen is right before the whole log has been read.
"""

from __future__ import annotations

from array import array

from .filter import Filter
from .ids import Ids
from .store import Lines

SLICE = 20_000
"""Lines read a frame."""


class Places:
    """A sequence of line ids in ascending order: what moves through it."""

    def __len__(self) -> int:
        raise NotImplementedError

    def update(self, slice: int = SLICE) -> bool:
        """Read what came, and a slice of history; returns whether more is to be read."""
        raise NotImplementedError

    def index(self, id: int) -> int:
        """Return how many ids are below `id`."""
        raise NotImplementedError

    def at(self, index: int) -> int:
        """Return the id at `index`; IndexError outside."""
        raise NotImplementedError

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


class LineView(Places):
    """The lines that pass all of `filters`; [low, high) is what has been read of them."""

    def __init__(self, lines: Lines, *filters: Filter) -> None:
        self.lines = lines
        self.filters = tuple(f for f in filters if f)
        self._ids = Ids()
        self._low = self._high = lines.end

    @property
    def low(self) -> int:
        return self._low if self.filters else self.lines.first

    @property
    def high(self) -> int:
        return self._high if self.filters else self.lines.end

    @property
    def complete(self) -> bool:
        """Whether all of the history has been read."""
        return self.low <= self.lines.first

    def __len__(self) -> int:
        return len(self._ids) if self.filters else self.lines.end - self.lines.first

    def update(self, slice: int = SLICE) -> bool:
        if not self.filters:
            return False
        first, high = self.lines.first, self.lines.end
        self._ids.forget(first)
        self._low, self._high = max(self._low, first), max(self._high, first)
        budget = slice
        if high - self._high > 4 * slice:
            # More came than a frame can read: the newest first, the rest as history.
            self._ids.clear()
            self._low = self._high = high
        self._ids.append(self._passing(self._high, high))
        budget -= high - self._high
        self._high = high
        if budget > 0 and self._low > first:
            low = max(first, self._low - budget)
            self._ids.prepend(self._passing(low, self._low))
            self._low = low
        return not self.complete

    def index(self, id: int) -> int:
        if not self.filters:
            return min(max(id - self.lines.first, 0), len(self))
        return self._ids.index(id)

    def at(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._ids.at(index) if self.filters else self.lines.first + index

    def _passing(self, start: int, stop: int) -> array[int]:
        ids = array("q")
        for batch in self.lines.batches(start, stop):
            chosen = self.filters[0].select(batch)
            for other in self.filters[1:]:
                passing = set(other.select(batch))
                chosen = [index for index in chosen if index in passing]
            ids.extend(batch.first + index for index in chosen)
        return ids
