from __future__ import annotations

from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.style import Style

from pydock.tui.rows import containers, images, layers, networks
from pydock.tui.rows.cells import Cell
from pydock.tui.text import ASCII, UNICODE
from pydock.tui.widgets.rowpaint import fit, gap, light, place


@pytest.mark.parametrize("columns", [containers.COLUMNS, images.COLUMNS, layers.COLUMNS, networks.COLUMNS])
def test_columns_fit_every_width(columns: tuple[containers.Column, ...]) -> None:
    for width in range(24, 300):
        placed = place(columns, width)
        last = placed[-1]
        assert last.at + last.width <= width - 1, width
        for before, after in pairwise(placed):
            assert after.at == before.at + before.width + gap(width)


def test_the_least_width_still_shows_names() -> None:
    assert [p.column.key for p in place(containers.COLUMNS, 20)] == ["name"]


@pytest.mark.parametrize("text", ["web", "a much longer name than fits", "日本語の名前です", ""])
@pytest.mark.parametrize("right", [False, True])
def test_cells_are_as_wide_as_their_column(text: str, right: bool) -> None:
    for glyphs in (UNICODE, ASCII):
        assert cell_len(fit(Cell(text), 9, right, glyphs)) == 9


def test_numbers_are_aligned_to_the_right() -> None:
    assert fit(Cell("7"), 4, True, UNICODE) == "   7"


def test_what_is_looked_for_is_lit() -> None:
    plain, lit = Style(), Style(bold=True)
    pieces = light("My Web", "web", plain, lit)
    assert [(s.text, s.style == lit) for s in pieces] == [("My ", False), ("Web", True), ("", False)]
    assert [s.text for s in light("İstanbul", "i", plain, lit)] == ["İstanbul"]
