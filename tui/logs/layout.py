"""Cutting runs to columns: wrapping, cropping, highlighting. Widths are terminal cells (Unicode UAX 11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from ..terminal.pen import Run

HIT = 1 << 16
"""Pen flag: a search hit."""
CURRENT = 1 << 17
"""Pen flag: the hit the search stands on."""


def width_of(runs: Iterable[Run]) -> int:
    return sum(cell_len(text) for text, _ in runs)


def crop(runs: Sequence[Run], start: int, width: int) -> list[Run]:
    """Return the cells start to start + width; a wide character cut by an edge becomes spaces."""
    made: list[Run] = []
    column = 0
    for text, pen in runs:
        if column >= start + width:
            break
        size = cell_len(text)
        if column + size > start:
            low, high = max(0, start - column), min(size, start + width - column)
            piece = text[low:high] if size == len(text) else _cells(text, low, high)
            made.append((piece, pen))
        column += size
    return made


def wrap(runs: Sequence[Run], width: int) -> list[list[Run]]:
    """Return rows of at most `width` cells; an empty line is one empty row."""
    rows: list[list[Run]] = [[]]
    left = width
    for text, pen in runs:
        while text:
            head, text = _take(text, left)
            if head:
                rows[-1].append((head, pen))
                left -= cell_len(head)
            if text:
                if not head and left == width:
                    # Not even one wide character fits: the pane is one column.
                    text = text[1:]
                    continue
                rows.append([])
                left = width
    return rows


def highlight(runs: Sequence[Run], spans: Sequence[tuple[int, int]], flag: int) -> list[Run]:
    """Return `runs` with `flag` in the pens of the characters in `spans` (ascending, apart)."""
    made: list[Run] = []
    at = 0
    pending = list(reversed(spans))
    for text, pen in runs:
        end = at + len(text)
        low = at
        while pending and pending[-1][0] < end:
            start, stop = pending[-1]
            start = max(start, low)
            if start > low:
                made.append((text[low - at : start - at], pen))
            cut = min(stop, end)
            made.append((text[start - at : cut - at], pen._replace(flags=pen.flags | flag)))
            low = cut
            if stop > end:
                break
            pending.pop()
        if low < end:
            made.append((text[low - at :], pen))
        at = end
    return made


def _take(text: str, width: int) -> tuple[str, str]:
    """Split off as many characters as fit in `width` cells."""
    if width <= 0:
        return "", text
    if text.isascii():
        return text[:width], text[width:]
    used = 0
    for index, letter in enumerate(text):
        used += cell_len(letter)
        if used > width:
            return text[:index], text[index:]
    return text, ""


def _cells(text: str, low: int, high: int) -> str:
    """Return the cells low to high of a text that has wide or combining characters."""
    head, rest = _take(text, low)
    missing = low - cell_len(head)
    if missing:
        rest = " " * (cell_len(rest[0]) - missing) + rest[1:]
    return set_cell_size(rest, high - low) if cell_len(rest) > high - low else rest
