from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import os
from collections.abc import Callable, Iterator

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.errors import Invalid
from pydock.core.images.stream import CHUNK, ReadAhead, Source, compression, decompress

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("kind", PACKERS)
@given(data=st.binary(min_size=10, max_size=5000), size=st.integers(1, 999))
def test_every_compression_is_undone(kind: str, data: bytes, size: int) -> None:
    packed = PACKERS[kind](b"plain text " + data)
    assert compression(packed[:16]) == kind
    assert b"".join(decompress(cut(packed, size))) == b"plain text " + data


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_several_members_are_one_stream(kind: str) -> None:
    packed = PACKERS[kind](b"one") + PACKERS[kind](b"two")
    assert b"".join(decompress(cut(packed, 7))) == b"onetwo"


@pytest.mark.parametrize("kind", ["gzip", "xz", "bzip2"])
@pytest.mark.parametrize("missing", [1, 4, 9])
def test_early_end_is_told(kind: str, missing: int) -> None:
    packed = PACKERS[kind](os.urandom(3000))
    with pytest.raises(Invalid, match=r"early|damaged"):
        list(decompress(iter([packed[:-missing]])))


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_damage_is_told(kind: str) -> None:
    packed = bytearray(PACKERS[kind](b"some text " * 500))
    packed[-6] ^= 0xFF
    packed[20] ^= 0xFF
    with pytest.raises(Invalid, match=rf"damaged {kind}|early"):
        list(decompress(iter([bytes(packed)])))


def test_zeros_behind_gzip_are_padding_and_others_are_not() -> None:
    packed = gzip.compress(b"text")
    assert b"".join(decompress(iter([packed + bytes(1000), bytes(1000)]))) == b"text"
    with pytest.raises(Invalid):
        list(decompress(iter([packed + b"garbage"])))


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_bomb_comes_in_pieces(kind: str) -> None:
    packed = PACKERS[kind](bytes(20 << 20))
    sizes = [len(chunk) for chunk in decompress(iter([packed]))]
    assert sum(sizes) == 20 << 20
    assert max(sizes) <= CHUNK


def test_exact_reads_cross_chunks() -> None:
    source = Source(iter([b"abc", b"defg", b"h"]), 100)
    assert (source.take(2), source.take(4), source.position) == (b"ab", b"cdef", 6)
    assert source.take(10) == b"gh"
    assert source.take(1) == b""


def test_drain_needs_all_of_it() -> None:
    got = bytearray()
    with pytest.raises(Invalid, match="ends in the middle"):
        Source(iter([b"abc", b"d"]), 100).drain(5, got.extend)
    assert got == b"abcd"


def test_read_ahead_gives_all_and_raises_what_was_raised() -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"a", b"b")
        raise Invalid("third")

    got = []
    with ReadAhead(chunks()) as ahead, pytest.raises(Invalid, match="third"):  # noqa: PT012 - what came first
        for chunk in ahead:
            got.append(chunk)
    assert got == [b"a", b"b"]


def test_read_ahead_may_be_left_early() -> None:
    with ReadAhead(itertools.repeat(b"x")) as ahead:
        assert next(ahead) == b"x"
