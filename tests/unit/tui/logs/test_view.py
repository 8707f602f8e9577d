from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.store import LogStore
from pydock.tui.logs.view import LineView


def filled(count: int, **limits: int) -> LogStore:
    store = LogStore(**limits)
    for number in range(count):
        store.feed(1, b"%s %d\n" % (b"odd" if number % 2 else b"even", number))
    return store


def ids(view: LineView) -> list[int]:
    return [view.at(index) for index in range(len(view))]


def test_history_is_read_in_slices_newest_first() -> None:
    view = LineView(filled(100), Filter("odd"))
    assert view.update(10)
    assert ids(view) == [91, 93, 95, 97, 99]
    while view.update(10):
        pass
    assert ids(view) == list(range(1, 100, 2))


def test_new_lines_come_at_the_end() -> None:
    store = filled(10)
    view = LineView(store, Filter("odd"))
    view.update()
    store.feed(1, b"odd 10\neven 11\n")
    view.update()
    assert ids(view) == [1, 3, 5, 7, 9, 10]


def test_dropped_lines_leave_the_view() -> None:
    store = filled(3000, max_lines=2000)
    view = LineView(store, Filter("odd"))
    while view.update():
        pass
    for number in range(2000):
        store.feed(1, b"odd %d\n" % number)
    while view.update():
        pass
    assert ids(view)[0] >= store.first
    assert [b"odd" in store.line(id).text for id in ids(view)] == [True] * len(view)


def test_older_lines_are_read_too() -> None:
    store = filled(4)
    view = LineView(store, Filter("odd"))
    view.update()
    store.prepend([(1, 0, b"odd -2"), (1, 0, b"even -1")])
    while view.update():
        pass
    assert ids(view) == [-2, 1, 3]


def test_two_filters_must_both_pass() -> None:
    view = LineView(filled(30), Filter("odd"), Filter("9"))
    view.update()
    assert ids(view) == [9, 19, 29]


@given(st.integers(0, 60), st.integers(-5, 65), st.booleans(), st.integers(1, 7))
def test_index_step_and_nearest_agree_with_a_list(count: int, id: int, filtered: bool, slice: int) -> None:
    view = LineView(filled(count), *((Filter("odd"),) if filtered else ()))
    while view.update(slice):
        pass
    held = [i for i in range(count) if i % 2 or not filtered]
    assert ids(view) == held
    assert view.index(id) == sum(each < id for each in held)
    after = [each for each in held if each > id]
    before = [each for each in held if each < id]
    assert view.step(id, 1) == (after[0] if after else None)
    assert view.step(id, -1) == (before[-1] if before else None)
    assert view.nearest(id) == next((each for each in held if each >= id), held[-1] if held else None)


def test_flood_shows_the_newest_first() -> None:
    """k9s#776: what comes faster than it can be read is read as history."""
    store = filled(10)
    view = LineView(store, Filter("odd"))
    view.update(10)
    for number in range(100):
        store.feed(1, b"odd %d\n" % number)
    view.update(10)
    assert ids(view)[-1] == 109
    while view.update(10):
        pass
    assert len(view) == 105
