from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.store import BLOCK_BYTES, LINE_BYTES, LogStore


def texts(store: LogStore) -> list[bytes]:
    return [text for batch in store.batches(store.first, store.end) for text in batch.texts]


def stamped(number: int, text: bytes = b"line") -> bytes:
    return b"2026-11-25T01:02:03.%09dZ %s %d\n" % (number, text, number)


@given(st.lists(st.binary().map(lambda b: b.replace(b"\n", b"")), max_size=20), st.data())
def test_chunks_cut_anywhere_give_the_same_lines(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    one, other = LogStore(), LogStore()
    one.feed(1, whole)
    for start, stop in pairwise((0, *cuts, len(whole))):
        other.feed(1, whole[start:stop])
    assert texts(one) == texts(other)
    assert one.end == len(lines)


def test_streams_cut_into_each_other_stay_apart() -> None:
    store = LogStore()
    store.feed(1, b"out")
    store.feed(2, b"err\n")
    store.feed(1, b"put\n")
    assert [(store.line(id).stream, store.line(id).text) for id in range(2)] == [(2, b"err"), (1, b"output")]


def test_ring_is_bounded_and_ids_stay() -> None:
    store = LogStore(max_lines=5000)
    for number in range(20_000):
        store.feed(1, stamped(number))
    assert store.end == 20_000
    assert store.end - store.first <= 5000
    assert store.dropped == store.first
    assert store.line(19_999).text == b"line 19999"
    assert store.line(store.first).text == b"line %d" % store.first
    with pytest.raises(KeyError):
        store.line(store.first - 1)


def test_firehose_stays_within_its_bytes() -> None:
    """lazydocker#492: a container that logs for hours."""
    store = LogStore(max_bytes=1 << 20)
    chunk = b"".join(stamped(number, b"y" * 100) for number in range(1000))
    for _ in range(200):
        store.feed(1, chunk)
        assert store.stored <= (1 << 20) + 2 * len(chunk)
    assert store.dropped > 0


def test_old_blocks_read_back_as_written() -> None:
    store = LogStore()
    lines = [b"%d %s" % (number, b"z" * 100) for number in range(30_000)]
    for at in range(0, len(lines), 100):
        store.feed(1, b"\n".join(lines[at : at + 100]) + b"\n")
    assert store.stored < 30_000 * 100
    assert texts(store) == lines
    assert store.line(17).text == lines[17]


def test_block_is_sealed_after_a_second() -> None:
    now = 0.0
    store = LogStore(clock=lambda: now)
    store.feed(1, b"a\n")
    now = 2.0
    store.feed(1, b"b\n")
    assert [batch.texts for batch in store.batches(0, 2)] == [[b"a"], [b"b"]]


def test_line_without_an_end_is_cut() -> None:
    store = LogStore()
    for _ in range(LINE_BYTES // BLOCK_BYTES + 2):
        store.feed(1, b"x" * BLOCK_BYTES)
    assert store.end == 1


def test_unfinished_line_is_there_to_see_and_stored_at_the_end() -> None:
    store = LogStore()
    store.feed(1, b"1970-01-01T00:00:01.000000000Z Password: ")
    line = store.unfinished()
    assert line is not None
    assert (line.text, line.time) == (b"Password: ", 1_000_000_000)
    store.finish()
    assert texts(store) == [b"Password: "]


def test_older_lines_come_in_front_with_ids_below() -> None:
    store = LogStore()
    store.feed(1, b"c\nd\n")
    assert store.prepend([(1, 0, b"a"), (2, 0, b"b")]) == 2
    assert (store.first, store.end) == (-2, 2)
    assert texts(store) == [b"a", b"b", b"c", b"d"]
    assert store.line(-1).stream == 2


def test_older_lines_take_only_the_room_there_is() -> None:
    store = LogStore(max_lines=3)
    store.feed(1, b"c\nd\n")
    assert store.prepend([(1, 0, b"a"), (1, 0, b"b")]) == 1
    assert texts(store) == [b"b", b"c", b"d"]


def test_carriage_return_of_a_terminal_is_no_text() -> None:
    store = LogStore()
    store.feed(1, b"tty\r\n")
    assert texts(store) == [b"tty"]


def test_time_is_found() -> None:
    store = LogStore()
    for number in range(100):
        store.feed(1, stamped(number))
    base = store.line(0).time
    assert store.find_time(base + 50) == 50
    assert store.find_time(base + 1000) == 100
