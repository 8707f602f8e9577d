"""Detach keys among what is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.cli.failure import Failure
from pydock.core.cli.keys import DEFAULT, KeyFilter, parse


@pytest.mark.parametrize(
    ("text", "sequence"),
    [(DEFAULT, b"\x10\x11"), ("ctrl-a,d", b"\x01d"), ("ctrl-@", b"\0"), ("ctrl-\\,x", b"\x1cx"), ("", b"")],
)
def test_sequences_are_read(text: str, sequence: bytes) -> None:
    assert parse(text) == sequence


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "ctrl-p,,q"])
def test_other_keys_are_refused(text: str) -> None:
    with pytest.raises(Failure):
        parse(text)


def test_the_sequence_detaches_and_is_not_passed_on() -> None:
    keys = KeyFilter(b"\x10\x11")
    assert keys.feed(b"ls\x10\x11rest") == b"ls"
    assert keys.detached


def test_a_sequence_may_come_in_pieces() -> None:
    keys = KeyFilter(b"\x10\x11")
    assert keys.feed(b"\x10") == b""
    assert keys.holding
    assert keys.feed(b"\x11") == b""
    assert keys.detached


def test_a_lone_first_key_passes_with_the_next_or_when_flushed() -> None:
    keys = KeyFilter(b"\x10\x11")
    assert keys.feed(b"\x10") + keys.feed(b"a") == b"\x10a"
    assert keys.feed(b"\x10") + keys.flush() == b"\x10"
    assert not keys.detached


def test_a_repeated_first_key_still_begins_the_sequence() -> None:
    keys = KeyFilter(b"\x10\x11")
    assert keys.feed(b"\x10\x10\x11") == b"\x10"
    assert keys.detached


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_without_the_sequence_nothing_is_lost(chunks: list[bytes]) -> None:
    typed = b"".join(chunks).replace(b"\x11", b"")
    keys = KeyFilter(b"\x10\x11")
    passed = b"".join(keys.feed(chunk.replace(b"\x11", b"")) for chunk in chunks) + keys.flush()
    assert passed == typed
