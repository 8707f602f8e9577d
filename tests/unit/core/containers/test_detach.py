from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.containers.detach import Detector, parse
from pydock.core.errors import Invalid


def test_keys_are_read_as_docker_does() -> None:
    assert parse("") == b"\x10\x11"
    assert parse("ctrl-a,x") == b"\x01x"
    assert parse("ctrl-@,ctrl-]") == b"\x00\x1d"
    with pytest.raises(Invalid, match="Unknown character"):
        parse("ctrl-1")


@given(st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\x11", b"")), max_size=8))
def test_input_without_the_keys_passes_in_any_pieces(pieces: list[bytes]) -> None:
    detector = Detector(b"\x10\x11")
    passed = b"".join(detector.feed(piece) for piece in [*pieces, b"."])
    assert passed == b"".join(pieces) + b"."
    assert not detector.found


@given(st.binary(max_size=20).filter(lambda b: b"\x10" not in b), st.integers(0, 22))
def test_the_keys_are_found_across_pieces_and_not_passed_on(before: bytes, cut: int) -> None:
    detector = Detector(b"\x10\x11")
    text = before + b"\x10\x11"
    passed = detector.feed(text[:cut]) + detector.feed(text[cut:])
    assert detector.found
    assert passed == before


class _Typing:
    """A client that types these, and then nothing for ever."""

    def __init__(self, *texts: bytes) -> None:
        self._texts = list(texts)

    async def read(self, n: int = 65536) -> bytes:
        if not self._texts:
            await asyncio.Event().wait()
        return self._texts.pop(0)

    async def write(self, data: bytes) -> None:
        raise AssertionError

    async def close_write(self) -> None: ...

    async def close(self) -> None: ...


async def test_a_key_that_begins_the_sequence_is_passed_on_when_nothing_follows() -> None:
    detector = Detector(parse(""))
    assert await detector.read(_Typing(b"\x10")) == b"\x10"
    assert not detector.found


async def test_the_sequence_ends_the_reading() -> None:
    detector = Detector(parse(""))
    assert await detector.read(_Typing(b"\x10", b"\x11")) == b""
    assert detector.found
