from __future__ import annotations

import pytest

from pydock.tui.screens.layout import LEAST, OVERHEAD, classes, heights


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((39, 50), {"-tiny"}),
        ((200, 9), {"-tiny"}),
        ((40, 10), {"-narrow", "-short"}),
        ((80, 24), {"-narrow"}),
        ((100, 30), {"-medium"}),
        ((139, 20), {"-medium"}),
        ((140, 40), {"-wide"}),
        ((300, 90), {"-wide"}),
    ],
)
def test_each_size_has_a_layout(size: tuple[int, int], names: set[str]) -> None:
    assert classes(*size) == names


def test_spare_lines_go_to_the_first_list() -> None:
    assert heights(40, [2, 4, 3, 3], 2) == [40 - 7 - 6 - 6, 7, 6, 6]


def test_the_active_list_gets_what_it_needs_first() -> None:
    shared = heights(24, [50, 50, 50, 3], 1)
    assert sum(shared) == 24
    assert shared[1] == 24 - 3 * LEAST
    assert shared[0] == shared[2] == shared[3] == LEAST


def test_empty_lists_keep_a_line_for_why() -> None:
    assert min(heights(60, [0, 0, 0, 0], 0)) == OVERHEAD + 1
