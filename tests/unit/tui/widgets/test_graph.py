from __future__ import annotations

from pydock.tui.widgets.graph import braille, ceiling, plain


def test_full_and_empty() -> None:
    assert braille([10.0] * 4, 2, 1, 10) == ["⣿⣿"]
    assert braille([0.0] * 4, 2, 1, 10) == ["  "]


def test_newest_is_at_the_right() -> None:
    assert braille([10.0], 2, 1, 10) == [" ⢸"]


def test_anything_above_nothing_shows_a_dot() -> None:
    assert braille([0.0, 0.001], 1, 1, 100) == ["⢀"]


def test_lines_stack_from_below() -> None:
    assert braille([5.0, 5.0], 1, 2, 10) == [" ", "⣿"]


def test_every_line_has_the_width() -> None:
    for draw in (braille, plain):
        lines = draw([float(n) for n in range(500)], 30, 5, 500)
        assert [len(line) for line in lines] == [30] * 5


def test_plain_is_ascii() -> None:
    assert all(line.isascii() for line in plain([1.0, 5.0, 9.0], 10, 3, 10))


def test_ceiling_is_round_and_above() -> None:
    assert ceiling([41.0], 10) == 50
    assert ceiling([0.0], 10) == 10
    assert ceiling([150.0], 10) == 200
