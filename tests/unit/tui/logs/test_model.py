from __future__ import annotations

from dataclasses import replace

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.layout import CURRENT, HIT
from pydock.tui.logs.model import LogModel
from pydock.tui.logs.severity import Level
from pydock.tui.logs.store import LogStore


def model(count: int = 100, width: int = 40, height: int = 10) -> LogModel:
    store = LogStore()
    for number in range(count):
        word = "ERROR" if number % 25 == 10 else "fine"
        store.feed(
            2 if number % 10 == 0 else 1,
            b"2026-11-25T01:02:03.%09dZ %s %d\n" % (number, word.encode(), number),
        )
    made = LogModel([store])
    made.resize(width, height)
    made.update()
    return made


def shown(made: LogModel) -> list[str]:
    return ["".join(text for text, _ in made.row(row)) for row in made.rows()]


def test_search_goes_through_hits_and_around_the_end() -> None:
    made = model()
    made.set_search(Filter("ERROR"))
    made.update()
    found = []
    for _ in range(5):
        made.find(forward=True)
        assert made.search is not None
        found.append(made.search.current)
    assert found == [10, 35, 60, 85, 10]
    assert made.search.position == (1, 4)
    assert made.find(forward=False)
    assert made.search.current == 85


def test_search_goes_on_while_lines_come() -> None:
    made = model()
    made.set_search(Filter("ERROR"))
    made.update()
    made.stores[0].feed(1, b"ERROR again\n")
    made.update()
    assert made.search is not None
    assert made.search.position == (0, 5)
    assert made.viewport.follow


def test_hits_are_marked_in_the_line() -> None:
    made = model(11)
    made.set_search(Filter("error"))
    made.update()
    flags = [pen.flags for text, pen in made.row((10, 0)) if text == "ERROR"]
    assert flags == [HIT]
    made.find(forward=False)
    assert [pen.flags for text, pen in made.row((10, 0)) if text == "ERROR"] == [CURRENT]


def test_errors_only_and_next_error() -> None:
    made = model()
    made.viewport.home()
    assert made.find_error(forward=True)
    assert made.selection == (10, 10)
    assert made.find_error(forward=True)
    assert made.selection == (35, 35)
    assert made.find_error(forward=False)
    assert made.selection == (10, 10)
    made.errors_only()
    made.update()
    assert len(made.view) == 4
    assert made.filter.level is Level.ERROR


def test_streams_are_told_apart() -> None:
    made = model()
    made.next_streams()
    made.update()
    assert len(made.view) == 10
    made.next_streams()
    made.update()
    assert len(made.view) == 90


def test_selection_copies_whole_lines_without_colours() -> None:
    made = model(3)
    made.stores[0].feed(1, b"\x1b[31m" + b"long " * 100 + b"\x1b[0m\n")
    made.update()
    made.select(0)
    made.select(-1)
    assert made.selected_text() == "fine 2\n" + "long " * 100 + "\n"


def test_long_line_wraps_or_scrolls_sideways() -> None:
    made = model(1, width=10, height=5)
    made.stores[0].feed(1, b"abcdefghijKLMNO\n")
    made.update()
    assert shown(made)[-1] == "abcdefghij"
    made.sideways(8)
    assert shown(made)[-1] == "ijKLMNO"
    made.toggle_wrap()
    assert shown(made)[-2:] == ["abcdefghij", "KLMNO"]


def test_stamps_are_asked_of_the_same_lines() -> None:
    made = model(2, width=60)
    made.next_stamps()
    assert shown(made)[0].endswith(".000 fine 0") or ":03.000 " in shown(made)[0]
    made.next_stamps()
    assert shown(made)[1] == "2026-11-25T01:02:03.000Z fine 1"
    made.next_stamps()
    assert shown(made)[1] == "    +0.000 fine 1"
    made.next_stamps()
    assert shown(made)[1] == "fine 1"


def test_scroll_bar_shows_where_hits_are() -> None:
    made = model(100)
    made.set_search(Filter("ERROR"))
    made.update()
    assert made.hit_map(10) == {1, 3, 6, 8}
    assert made.thumb(10) == (9, 10)
    made.viewport.home()
    assert made.thumb(10) == (0, 1)


def test_mark_is_a_line_of_ours_that_every_filter_passes() -> None:
    made = model(3)
    made.mark("here")
    made.set_filter(replace(made.filter, text="nothing like it"))
    made.update()
    assert shown(made) == ["── here"]


def test_merged_logs_name_their_source_and_can_be_muted() -> None:
    now = 0.0
    stores = [LogStore(), LogStore()]
    made = LogModel(stores, ["web", "database"], clock=lambda: now)
    made.resize(40, 10)
    stores[0].feed(1, b"2026-11-25T01:02:03.000000001Z a\n")
    stores[1].feed(1, b"2026-11-25T01:02:03.000000002Z b\n")
    made.update()
    now = 1.0
    made.update()
    assert shown(made) == ["web      a", "database b"]
    made.set_filter(Filter(muted=frozenset((0,))))
    made.update()
    assert shown(made) == ["database b"]
