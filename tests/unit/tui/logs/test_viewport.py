from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.store import LogStore
from pydock.tui.logs.view import LineView
from pydock.tui.logs.viewport import Viewport


def filled(count: int, **limits: int) -> LogStore:
    store = LogStore(**limits)
    for number in range(count):
        store.feed(1, b"line %d\n" % number)
    return store


def over(store: LogStore, height: int = 5, rows: int = 1) -> Viewport:
    port = Viewport(LineView(store), lambda id: rows)
    port.height = height
    return port


def test_follows_the_newest() -> None:
    store = filled(10)
    port = over(store)
    assert port.rows() == [(id, 0) for id in range(5, 10)]
    store.feed(1, b"more\n")
    assert port.rows()[-1] == (10, 0)


def test_position_is_held_by_line_while_the_buffer_turns_over() -> None:
    """k9s#732, #155, #444: the view jumped when the head of the buffer was dropped."""
    store = filled(3000, max_lines=2000)
    port = over(store)
    port.scroll(-100)
    top = port.rows()[0]
    dropped = store.dropped
    while store.dropped == dropped:
        store.feed(1, b"new\n")
    assert store.first < top[0]
    assert port.rows()[0] == top
    assert port.below() == store.end - 1 - port.rows()[-1][0]
    port.end()
    assert port.rows()[-1] == (store.end - 1, 0)


def test_dropped_top_line_moves_to_the_oldest_left() -> None:
    store = filled(2000, max_lines=2000)
    port = over(store)
    port.home()
    for number in range(3000):
        store.feed(1, b"new %d\n" % number)
    assert port.rows()[0] == (store.first, 0)


def test_scrolling_to_the_end_takes_up_following() -> None:
    port = over(filled(20))
    port.scroll(-3)
    assert not port.follow
    port.scroll(2)
    assert not port.follow
    port.scroll(1)
    assert port.follow


def test_filter_keeps_the_place() -> None:
    store = filled(100)
    port = over(store)
    port.scroll(-50)
    port.view = LineView(store, Filter("5"))
    port.view.update()
    assert port.rows()[0][0] == 45


def test_show_brings_a_line_into_view() -> None:
    port = over(filled(100), height=9)
    port.show(10)
    assert (10, 0) in port.rows()
    before = port.rows()
    port.show(11)
    assert port.rows() == before


def test_wrapped_lines_scroll_by_rows() -> None:
    port = over(filled(10), height=4, rows=3)
    assert port.rows() == [(8, 2), (9, 0), (9, 1), (9, 2)]
    port.scroll(-1)
    assert port.rows() == [(8, 1), (8, 2), (9, 0), (9, 1)]
    port.home()
    assert port.rows() == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_empty_log_has_no_rows() -> None:
    port = over(LogStore())
    assert port.rows() == []
    for act in (port.home, port.end, port.hold, lambda: port.scroll(-1), lambda: port.page(1)):
        act()
    assert port.below() == 0


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=30),
    st.integers(1, 12),
    st.lists(st.integers(-20, 20), max_size=12),
)
def test_any_scrolling_shows_consecutive_rows(heights: list[int], height: int, moves: list[int]) -> None:
    port = Viewport(LineView(filled(len(heights))), lambda id: heights[id])
    port.height = height
    everything = [(id, sub) for id, rows in enumerate(heights) for sub in range(rows)]
    expected = max(0, len(everything) - height)
    for move in moves:
        port.scroll(move)
        expected = min(max(0, expected + move), max(0, len(everything) - height))
        assert port.rows() == everything[expected : expected + height]
