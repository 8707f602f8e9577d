"""What a table paints: cells with a tone, columns with a width, rows with a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell's text and its tone (a theme maps tones to colours)."""

    text: str
    tone: str = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `width` cells, or a share of what is left when `flex` is positive.

    `needs` is the narrowest table, in cells, that shows it.
    """

    key: str
    title: str
    width: int
    flex: int = 0
    right: bool = False
    needs: int = 0
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its key, one cell and one sort value for each column, the text a filter looks in."""

    key: str
    cells: tuple[Cell, ...]
    sort: tuple[float | str, ...]
    search: str
    hidden: bool = field(default=False)
