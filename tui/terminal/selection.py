"""Text of a terminal selected with the mouse: cells from one to another, in the order of reading.

Lines are counted upwards from the last row of the screen, history included, so scrolling keeps the selection.
"""

from __future__ import annotations

import re

from ..logs.layout import crop
from .backend import TerminalBackend, row_text

_WORD = re.compile(r"[^\s\"'`()\[\]{}<>|,;]+")


class Selection:
    """From the cell where the button went down to the one where the mouse is; both are inside."""

    def __init__(self, backend: TerminalBackend, x: int, y: int) -> None:
        self._backend = backend
        self._start = self._end = (self._up(y), x)
        self.dragged = False

    def extend(self, x: int, y: int) -> None:
        """Move the end; above and below the screen it scrolls."""
        backend = self._backend
        if y < 0 or y >= backend.rows:
            backend.scroll(-1 if y < 0 else 1)
        y = min(max(y, 0), backend.rows - 1)
        end = self._up(y), min(max(x, 0), backend.columns - 1)
        self.dragged = self.dragged or end != self._end
        self._end = end

    def take_word(self, x: int, y: int) -> None:
        """Select the word at a cell; a path or an address is one."""
        text = row_text(self._backend, y)
        found = next((w for w in _WORD.finditer(text) if w.start() <= x < w.end()), None)
        if found is not None:
            self._start, self._end = (self._up(y), found.start()), (self._up(y), found.end() - 1)
            self.dragged = True

    def take_line(self, y: int) -> None:
        self._start, self._end = (self._up(y), 0), (self._up(y), self._backend.columns - 1)
        self.dragged = True

    def span(self, y: int) -> tuple[int, int]:
        """Return the selected cells (from, to) of a row in view; equal when none is."""
        if not self.dragged:
            return 0, 0
        # The higher line is the earlier one.
        first, last = sorted((self._start, self._end), key=lambda at: (-at[0], at[1]))
        up = self._up(y)
        if not last[0] <= up <= first[0]:
            return 0, 0
        return first[1] if up == first[0] else 0, last[1] + 1 if up == last[0] else self._backend.columns

    def text(self) -> str:
        """Return what is selected, rows without trailing blanks; the view stays where it is."""
        backend = self._backend
        before = backend.scroll(0)
        high, low = max(self._start[0], self._end[0]), min(self._start[0], self._end[0])
        lines = []
        for up in range(high, low - 1, -1):
            y = backend.scroll(0) + backend.rows - 1 - up
            if not 0 <= y < backend.rows:
                backend.scroll(y if y < 0 else y - backend.rows + 1)
                y = backend.scroll(0) + backend.rows - 1 - up
                list(backend.dirty())
            start, stop = self.span(y)
            lines.append("".join(text for text, _ in crop(backend.row(y), start, stop - start)).rstrip())
        backend.scroll(backend.scroll(0) - before)
        return "\n".join(lines)

    def _up(self, y: int) -> int:
        return self._backend.scroll(0) + self._backend.rows - 1 - y
