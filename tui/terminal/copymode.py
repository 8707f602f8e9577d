"""Looking back in a terminal and copying whole lines, with vi's keys."""

from __future__ import annotations

from .backend import TerminalBackend, row_text


class CopyMode:
    """A line in the view is the cursor; `V` begins a selection at it.

    Lines are counted upwards from the last row of the screen, history included.
    """

    def __init__(self, backend: TerminalBackend) -> None:
        self._backend = backend
        self._y = min(backend.cursor().y, backend.rows - 1)
        self._start: int | None = None

    def key(self, key: str) -> None:
        """Move, or begin or drop a selection; other keys do nothing."""
        rows = self._backend.rows
        match key:
            case "k" | "up":
                self._move(-1)
            case "j" | "down":
                self._move(1)
            case "ctrl+u" | "pageup" | "ctrl+b":
                self._move(-rows + 1)
            case "ctrl+d" | "pagedown" | "ctrl+f":
                self._move(rows - 1)
            case "g" | "home":
                self._backend.scroll(-(1 << 30))
                self._y = 0
            case "G" | "upper_g" | "end":
                self._backend.scroll_to_end()
                self._y = rows - 1
            case "V" | "upper_v" | "v" | "space":
                self._start = None if self._start is not None else self._up(self._y)

    def selected(self, y: int) -> bool:
        """Whether a row in view is the cursor's or selected."""
        low, high = self._range()
        return low <= self._up(y) <= high

    def text(self) -> str:
        """Return the selected lines, or the cursor's."""
        backend = self._backend
        low, high = self._range()
        before = backend.scroll(0)
        lines = []
        for up in range(high, low - 1, -1):
            offset = backend.scroll(0)
            y = offset + backend.rows - 1 - up
            if not 0 <= y < backend.rows:
                offset = backend.scroll(y)
                y = offset + backend.rows - 1 - up
                list(backend.dirty())
            lines.append(row_text(backend, y))
        backend.scroll(backend.scroll(0) - before)
        return "\n".join(lines)

    def describe(self) -> str:
        low, high = self._range()
        back = self._backend.scroll(0)
        return f"{high - low + 1} selected" if self._start is not None else f"{back} back" if back else "copy"

    def _move(self, by: int) -> None:
        wanted = self._y + by
        self._y = min(max(wanted, 0), self._backend.rows - 1)
        if wanted != self._y:
            self._backend.scroll(wanted - self._y)

    def _up(self, y: int) -> int:
        return self._backend.scroll(0) + self._backend.rows - 1 - y

    def _range(self) -> tuple[int, int]:
        at = self._up(self._y)
        start = at if self._start is None else self._start
        return min(at, start), max(at, start)
