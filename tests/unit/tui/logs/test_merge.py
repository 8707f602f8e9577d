from __future__ import annotations

from pydock.tui.logs.merge import MergedLines
from pydock.tui.logs.store import LogStore


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def line(ms: int, text: str) -> bytes:
    return b"2026-11-25T01:02:%02d.%09dZ %s\n" % (ms // 1000, ms % 1000 * 1_000_000, text.encode())


def merged(count: int = 2, **limits: int) -> tuple[list[LogStore], MergedLines, Clock]:
    clock = Clock()
    stores = [LogStore(**limits) for _ in range(count)]
    return stores, MergedLines(stores, clock=clock), clock


def settle(lines: MergedLines, clock: Clock) -> None:
    lines.update()
    clock.now += 0.3
    lines.update()


def texts(lines: MergedLines) -> list[str]:
    return [text.decode() for batch in lines.batches(lines.first, lines.end) for text in batch.texts]


def test_lines_are_in_order_of_time() -> None:
    stores, lines, clock = merged()
    stores[0].feed(1, line(10, "a") + line(30, "c"))
    stores[1].feed(1, line(20, "b") + line(40, "d"))
    settle(lines, clock)
    assert texts(lines) == ["a", "b", "c", "d"]
    assert [lines.line(id).source for id in range(4)] == [0, 1, 0, 1]


def test_same_time_goes_by_source_then_by_arrival() -> None:
    """dozzle#3724: lines of the same millisecond were mixed up."""
    stores, lines, clock = merged()
    stores[1].feed(1, line(10, "b1") + line(10, "b2"))
    stores[0].feed(1, line(10, "a1") + line(10, "a2"))
    settle(lines, clock)
    assert texts(lines) == ["a1", "a2", "b1", "b2"]


def test_line_that_is_late_within_the_window_is_put_in() -> None:
    stores, lines, clock = merged()
    stores[0].feed(1, line(0, "first"))
    settle(lines, clock)
    stores[0].feed(1, line(30, "c"))
    lines.update()
    clock.now += 0.1
    stores[1].feed(1, line(20, "b"))
    assert lines.update()
    clock.now += 0.15
    lines.update()
    assert texts(lines) == ["first", "b", "c"]


def test_line_that_is_later_is_marked_and_moves_nothing() -> None:
    stores, lines, clock = merged()
    stores[0].feed(1, line(30, "c"))
    settle(lines, clock)
    stores[1].feed(1, line(20, "b"))
    settle(lines, clock)
    assert texts(lines) == ["c", "b"]
    assert [lines.late(0), lines.late(1)] == [False, True]


def test_what_a_store_dropped_is_dropped() -> None:
    stores, lines, clock = merged(max_lines=1000)
    for number in range(500):
        stores[0].feed(1, line(number, "old"))
    stores[1].feed(1, line(5, "quiet"))
    settle(lines, clock)
    for number in range(2000):
        stores[0].feed(1, line(1000 + number, "new"))
    settle(lines, clock)
    assert "old" not in texts(lines)
    assert lines.dropped > 0
    assert lines.first + len(texts(lines)) == lines.end


def test_older_lines_take_their_place_and_ids_are_followed() -> None:
    one, other = LogStore(), LogStore()
    one.feed(1, b"2026-11-25T01:00:05.000000000Z one 5\n")
    other.feed(1, b"2026-11-25T01:00:02.000000000Z other 2\n2026-11-25T01:00:06.000000000Z other 6\n")
    now = 0.0
    merged = MergedLines([one, other], clock=lambda: now)
    merged.update()
    now = 1.0
    while merged.update():
        now += 1.0
    before = {merged.line(id).text: id for id in range(merged.first, merged.end)}
    base = one.line(0).time
    one.prepend([(1, base - 4_000_000_000, b"one 1"), (1, base - 2_000_000_000, b"one 3")])
    moved = merged.reorder()
    texts = [text for batch in merged.batches(merged.first, merged.end) for text in batch.texts]
    assert texts == [b"one 1", b"other 2", b"one 3", b"one 5", b"other 6"]
    for text, id in before.items():
        assert merged.line(moved(id)).text == text
    assert not merged.update()
