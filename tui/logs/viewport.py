"""The scroll position of a log: held by a line, not by a row count.

While it follows, the last row is the newest line. Otherwise the top row is row `sub` of line `anchor`, and
stays so whatever comes, goes or is filtered; only when that very line is dropped does the top move on.
"""

from __future__ import annotations

from collections.abc import Callable

from .view import Places

Row = tuple[int, int]
"""(line id, row within the wrapped line)."""


class Viewport:
    """`rows_of(id)` says how many rows a line takes at the present width."""

    def __init__(self, view: Places, rows_of: Callable[[int], int]) -> None:
        self.view = view
        self.rows_of = rows_of
        self.height = 1
        self.follow = True
        self.anchor = 0
        self.sub = 0

    def rows(self) -> list[Row]:
        """Return what is shown, top to bottom, at most `height` rows."""
        if self.follow:
            return self._upwards()
        top = self._top()
        if top is None:
            return []
        shown = self._downwards(top)
        if len(shown) < self.height and (shown[0] != self._first()):
            return self._upwards()
        return shown

    def scroll(self, by: int) -> None:
        """Move by rows, down when positive; reaching the newest line takes up following."""
        if by >= 0 and self.follow:
            return
        shown = self.rows()
        if not shown:
            return
        top = shown[0]
        moved = self._walk(top, by)
        self._hold(moved)
        if by > 0 and self._at_end():
            self.follow = True

    def page(self, by: int) -> None:
        """Move by pages, one row kept in view."""
        self.scroll(by * max(1, self.height - 1))

    def home(self) -> None:
        """Show the oldest line."""
        first = self._first()
        if first is not None:
            self._hold(first)

    def end(self) -> None:
        """Show the newest line and follow."""
        self.follow = True

    def hold(self) -> None:
        """Stop following where the view stands."""
        shown = self.rows()
        if shown:
            self._hold(shown[0])

    def show(self, id: int) -> None:
        """Bring a line into view, a third from the top, unless it is there already."""
        shown = self.rows()
        if any(line == id for line, _ in shown):
            if self.follow and shown:
                self._hold(shown[0])
            return
        self._hold(self._walk((id, 0), -(self.height // 3)))

    def below(self) -> int:
        """Return how many lines there are below the last row shown."""
        if self.follow:
            return 0
        shown = self.rows()
        return len(self.view) - self.view.index(shown[-1][0]) - 1 if shown else 0

    def at_top(self) -> bool:
        """Whether the oldest line is in view."""
        shown = self.rows()
        return not shown or shown[0] == self._first()

    def _hold(self, row: Row) -> None:
        self.follow = False
        self.anchor, self.sub = row

    def _first(self) -> Row | None:
        return (self.view.at(0), 0) if len(self.view) else None

    def _top(self) -> Row | None:
        id = self.view.nearest(self.anchor)
        if id is None:
            return None
        return id, min(self.sub, self.rows_of(id) - 1) if id == self.anchor else 0

    def _at_end(self) -> bool:
        shown = self._downwards(self._top() or (0, 0)) if len(self.view) else []
        if len(shown) < self.height:
            return True
        last = self.view.at(len(self.view) - 1)
        return shown[-1] == (last, self.rows_of(last) - 1)

    def _downwards(self, top: Row) -> list[Row]:
        shown: list[Row] = []
        id, sub = top
        index = self.view.index(id)
        while len(shown) < self.height and index < len(self.view):
            id = self.view.at(index)
            rows = self.rows_of(id)
            shown += ((id, each) for each in range(sub, min(rows, sub + self.height - len(shown))))
            sub = 0
            index += 1
        return shown

    def _upwards(self) -> list[Row]:
        shown: list[Row] = []
        index = len(self.view) - 1
        while len(shown) < self.height and index >= 0:
            id = self.view.at(index)
            rows = self.rows_of(id)
            room = self.height - len(shown)
            shown += ((id, each) for each in range(rows - 1, max(-1, rows - 1 - room), -1))
            index -= 1
        shown.reverse()
        return shown

    def _walk(self, row: Row, by: int) -> Row:
        """Return the row `by` rows on, stopping at either end."""
        id, sub = row
        index = self.view.index(id)
        while by < 0 and (sub > 0 or index > 0):
            if sub >= -by:
                return id, sub + by
            by += sub + 1
            if index == 0:
                return id, 0
            index -= 1
            id = self.view.at(index)
            sub = self.rows_of(id) - 1
        while by > 0:
            rows = self.rows_of(id)
            if sub + by < rows:
                return id, sub + by
            if index + 1 >= len(self.view):
                return id, rows - 1
            by -= rows - sub
            index += 1
            id, sub = self.view.at(index), 0
        return id, sub
