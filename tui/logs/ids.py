"""An ascending sequence of line ids that grows at both ends and forgets at its old one."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right


class Ids:
    """Invariant: `_back` descends, `_front[_cut:]` ascends, and all of `_back` lies below `_front`."""

    def __init__(self) -> None:
        self._back = array("q")
        self._front = array("q")
        self._cut = 0

    def __len__(self) -> int:
        return len(self._back) + len(self._front) - self._cut

    def clear(self) -> None:
        self._back, self._front, self._cut = array("q"), array("q"), 0

    def append(self, ids: array[int]) -> None:
        """Add ids (ascending) above all others."""
        self._front.extend(ids)

    def prepend(self, ids: array[int]) -> None:
        """Add ids (ascending) below all others."""
        ids.reverse()
        self._back.extend(ids)

    def index(self, id: int) -> int:
        """Return how many ids are below `id`."""
        if self._back and id <= self._back[0]:
            return len(self._back) - bisect_right(self._back, -id, key=lambda each: -each)
        return len(self._back) + bisect_left(self._front, id, lo=self._cut) - self._cut

    def at(self, index: int) -> int:
        """Return the id at `index`, which must be inside."""
        if index < len(self._back):
            return self._back[len(self._back) - 1 - index]
        return self._front[self._cut + index - len(self._back)]

    def __contains__(self, id: int) -> bool:
        index = self.index(id)
        return index < len(self) and self.at(index) == id

    def remove(self, start: int, stop: int) -> None:
        """Take out the ids at the indexes start to stop."""
        behind = len(self._back)
        del self._front[self._cut + max(start - behind, 0) : self._cut + max(stop - behind, 0)]
        del self._back[max(behind - stop, 0) : max(behind - start, 0)]

    def forget(self, first: int) -> None:
        """Take out all ids below `first`."""
        while self._back and self._back[-1] < first:
            self._back.pop()
        if not self._back:
            self._cut = bisect_left(self._front, first, lo=self._cut)
            if self._cut > 65536:
                del self._front[: self._cut]
                self._cut = 0
