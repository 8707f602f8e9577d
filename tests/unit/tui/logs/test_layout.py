from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.layout import HIT, crop, highlight, width_of, wrap
from pydock.tui.terminal.pen import PLAIN, Pen

RUNS = st.lists(
    st.tuples(
        st.text(alphabet="ab日本 é", min_size=1, max_size=12), st.sampled_from((PLAIN, Pen(1), Pen(2)))
    ),
    max_size=6,
)


def test_crop_shows_half_a_wide_character_as_a_space() -> None:
    assert crop([("日本", PLAIN)], 1, 2) == [("  ", PLAIN)]


@given(RUNS, st.integers(0, 40), st.integers(1, 40))
def test_crop_is_as_wide_as_asked(runs: list[tuple[str, Pen]], start: int, width: int) -> None:
    assert width_of(crop(runs, start, width)) == max(0, min(width_of(runs) - start, width))


@given(RUNS, st.integers(2, 20))
def test_wrap_keeps_every_character(runs: list[tuple[str, Pen]], width: int) -> None:
    rows = wrap(runs, width)
    assert all(width_of(row) <= width for row in rows)
    assert "".join(text for row in rows for text, _ in row) == "".join(text for text, _ in runs)


@given(RUNS, st.data())
def test_highlight_marks_just_the_spans(runs: list[tuple[str, Pen]], data: st.DataObject) -> None:
    whole = "".join(text for text, _ in runs)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    marked = highlight(runs, spans, HIT)
    letters = [(letter, bool(pen.flags & HIT)) for text, pen in marked for letter in text]
    assert letters == [(letter, any(a <= at < b for a, b in spans)) for at, letter in enumerate(whole)]
