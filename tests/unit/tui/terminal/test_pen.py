from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.terminal.pen import BOLD, PLAIN, RGB, Pen, apply_sgr


def test_colours_take_their_parameters_with_them() -> None:
    assert apply_sgr(PLAIN, "38;2;1;2;3;1") == Pen(RGB | 0x010203, None, BOLD)
    assert apply_sgr(PLAIN, "48;5;7;38;5;300;1") == Pen(None, 7, BOLD)
    assert apply_sgr(PLAIN, "38;2;1") == PLAIN
    assert apply_sgr(Pen(1, 2, BOLD, "x"), "") == Pen(link="x")


@given(st.text("0123456789;:", max_size=30))
def test_any_parameters_make_a_pen(parameters: str) -> None:
    pen = apply_sgr(PLAIN, parameters)
    assert all(color is None or 0 <= color < 256 or RGB <= color < 2 * RGB for color in (pen.fg, pen.bg))
