"""Multiplexed streams, however they are cut into chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.client.stdcopy import Demultiplexer, frame
from pydock.core.errors import Internal

frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)), max_size=12)


def joined(parts: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Join neighbours of one stream, for a frame may come in parts."""
    out: list[tuple[int, bytes]] = []
    for stream, data in parts:
        if not data:
            continue
        if out and out[-1][0] == stream:
            out[-1] = (stream, out[-1][1] + data)
        else:
            out.append((stream, data))
    return out


@given(frames, st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_any_cut_gives_the_same_streams(parts: list[tuple[int, bytes]], sizes: list[int]) -> None:
    wire = b"".join(frame(stream, data) for stream, data in parts)
    demultiplexer, found, position, turn = Demultiplexer(), [], 0, 0
    while position < len(wire):
        size = sizes[turn % len(sizes)]
        found += demultiplexer.feed(wire[position : position + size])
        position, turn = position + size, turn + 1
    assert joined(found) == joined(parts)


def test_a_long_frame_is_passed_on_before_it_is_whole() -> None:
    demultiplexer = Demultiplexer()
    assert demultiplexer.feed(frame(2, b"x" * 1000)[:508]) == [(2, b"x" * 500)]
    assert demultiplexer.feed(b"x" * 500) == [(2, b"x" * 500)]


def test_a_stream_that_is_none_is_refused() -> None:
    with pytest.raises(Internal):
        Demultiplexer().feed(b"\x09\0\0\0\0\0\0\1a")
