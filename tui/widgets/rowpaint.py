"""Rows and column titles as strips: widths, tones, marks, the lit-up filter. The table says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ..rows.cells import Cell, Column, Row
from ..text import Glyphs
from .paint import Paint

_ROOMY = 60


@dataclass(frozen=True, slots=True)
class Placed:
    """A column in a table of some width: its index among all columns, where it begins, its width."""

    index: int
    column: Column
    at: int
    width: int


@dataclass(frozen=True, slots=True)
class Look:
    """How a row stands in its table."""

    cursor: bool
    marked: bool
    focused: bool
    stale: bool


def gap(width: int) -> int:
    """Blanks between columns in a table of this width."""
    return 2 if width >= _ROOMY else 1


def place(columns: Sequence[Column], width: int) -> list[Placed]:
    """The columns that this width shows; what is left over goes to the flexible ones.

    One cell at each edge is kept: for the mark, and for the scroll thumb.
    """
    shown = [(index, column) for index, column in enumerate(columns) if width >= column.needs]
    between = gap(width)
    spare = max(width - 2 - sum(column.width for _, column in shown) - between * (len(shown) - 1), 0)
    shares = sum(column.flex for _, column in shown)
    placed: list[Placed] = []
    at, left = 1, shares
    for index, column in shown:
        more = spare * column.flex // left if column.flex else 0
        spare, left = spare - more, left - column.flex
        placed.append(Placed(index, column, at, max(column.width + more, 1)))
        at += column.width + more + between
    return placed


class RowPainter:
    """Makes the strips of one table under one theme and width."""

    def __init__(self, columns: Sequence[Column], width: int, paint: Paint, glyphs: Glyphs) -> None:
        self.placed = place(columns, width)
        self.width = width
        self._paint = paint
        self._glyphs = glyphs
        self._gap = " " * gap(width)

    def titles(self, sorted_by: int, reverse: bool, focused: bool) -> Strip:
        """The line of column titles, with an arrow at the one that the rows are sorted by."""
        style = self._paint.base + self._paint.tone("dim")
        strong = self._paint.base + self._paint.tone("title") + Style(bold=True)
        segments = [Segment(" ", style)]
        for placed in self.placed:
            column, width = placed.column, placed.width
            title = column.title
            if placed.index == sorted_by and len(title) < width:
                title += self._glyphs.down if column.descending != reverse else self._glyphs.up
            text = title.rjust(width) if column.right else set_cell_size(title, width)
            segments.append(Segment(text[:width], strong if placed.index == sorted_by and focused else style))
            segments.append(Segment(self._gap, style))
        return Strip(segments).adjust_cell_length(self.width, style)

    def row(self, row: Row, look: Look, lit_up: str) -> Strip:
        """A row; the text `lit_up` (lower case) is lit where it occurs."""
        base = self._paint.base
        if look.cursor:
            base = base + self._paint.background("pd-cursor" if look.focused else "pd-cursor-blurred")
        if look.marked:
            base = base + Style(bold=True)
        lit = base + self._paint.tone("match") + Style(bold=True)
        segments = [self._edge(base, look)]
        for placed in self.placed:
            cell = row.cells[placed.index]
            style = base + self._paint.tone(cell.tone, look.stale)
            text = fit(cell, placed.width, placed.column.right, self._glyphs)
            segments.extend(light(text, lit_up, style, lit))
            segments.append(Segment(self._gap, base))
        return Strip(segments).adjust_cell_length(self.width, base)

    def _edge(self, base: Style, look: Look) -> Segment:
        glyph = (
            self._glyphs.mark if look.marked else self._glyphs.cursor if look.cursor and look.focused else " "
        )
        return Segment(glyph, base + self._paint.tone("match" if look.marked else "title", look.stale))

    def blank(self, text: str = "") -> Strip:
        """A line without a row, or with a word instead."""
        line = set_cell_size(f" {text}", self.width)
        return Strip([Segment(line, self._paint.base + self._paint.tone("dim"))], self.width)

    def with_thumb(self, strip: Strip) -> Strip:
        """The line with a piece of the scroll thumb at its right edge."""
        thumb = Segment(self._glyphs.thumb, self._paint.base + self._paint.tone("faint"))
        return Strip([*strip.crop(0, self.width - 1), thumb], self.width)


def light(text: str, wanted: str, style: Style, lit: Style) -> list[Segment]:
    """Text with the first place where `wanted` (lower case) occurs in another style."""
    at = text.lower().find(wanted) if wanted else -1
    if at < 0 or len(text.lower()) != len(text):
        return [Segment(text, style)]
    end = at + len(wanted)
    return [Segment(text[:at], style), Segment(text[at:end], lit), Segment(text[end:], style)]


def fit(cell: Cell, width: int, right: bool, glyphs: Glyphs) -> str:
    """A cell's text in exactly `width` cells, cut with an ellipsis."""
    length = cell_len(cell.text)
    if length > width:
        return set_cell_size(cell.text, width - 1) + glyphs.ellipsis
    return " " * (width - length) + cell.text if right else cell.text + " " * (width - length)
