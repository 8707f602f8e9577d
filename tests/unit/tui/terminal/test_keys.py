from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.terminal.backend import Modes
from pydock.tui.terminal.keys import encode, focus, paste

PLAIN = Modes()
APPLICATION = Modes(application_cursor=True)


@pytest.mark.parametrize(
    ("key", "character", "sent"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("upper_a", "A", b"A"),
        ("é", "é", "é".encode()),
        ("plus", "+", b"+"),
        ("space", " ", b" "),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("backspace", "\x7f", b"\x7f"),
        ("delete", None, b"\x1b[3~"),
        ("insert", None, b"\x1b[2~"),
        ("home", None, b"\x1b[H"),
        ("end", None, b"\x1b[F"),
        ("pageup", None, b"\x1b[5~"),
        ("pagedown", None, b"\x1b[6~"),
        ("up", None, b"\x1b[A"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("shift+up", None, b"\x1b[1;2A"),
        ("ctrl+shift+left", None, b"\x1b[1;6D"),
        ("alt+pageup", None, b"\x1b[5;3~"),
        ("f1", None, b"\x1bOP"),
        ("shift+f1", None, b"\x1b[1;2P"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+p", "\x10", b"\x10"),
        ("ctrl+@", "\x00", b"\x00"),
        ("ctrl+space", None, b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+right_square_bracket", "\x1d", b"\x1d"),
        ("ctrl+circumflex_accent", "\x1e", b"\x1e"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("ctrl+backspace", None, b"\x08"),
        ("alt+a", None, b"\x1ba"),
        ("alt+full_stop", None, b"\x1b."),
        ("alt+enter", None, b"\x1b\r"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("ctrl+alt+c", None, b"\x1b\x03"),
        ("f30", None, b""),
        ("ctrl+é", None, b""),
    ],
)
def test_key(key: str, character: str | None, sent: bytes) -> None:
    assert encode(key, character, PLAIN) == sent


def test_cursor_keys_of_an_application() -> None:
    assert encode("up", None, APPLICATION) == b"\x1bOA"
    assert encode("home", None, APPLICATION) == b"\x1bOH"
    assert encode("ctrl+up", None, APPLICATION) == b"\x1b[1;5A"


def test_paste_is_bracketed_when_asked_for() -> None:
    assert paste("a\nb", PLAIN) == b"a\rb"
    assert paste("a\r\nb", Modes(bracketed_paste=True)) == b"\x1b[200~a\rb\x1b[201~"


@given(st.text())
def test_paste_never_carries_a_sequence_of_its_own(text: str) -> None:
    for modes in (PLAIN, Modes(bracketed_paste=True)):
        sent = paste(text, modes).removeprefix(b"\x1b[200~").removesuffix(b"\x1b[201~")
        assert not any(letter in sent.decode() for letter in "\x00\x03\x1b\x7f\x9b")


def test_focus_is_told_when_asked_for() -> None:
    assert focus(True, PLAIN) == b""
    assert focus(True, Modes(focus=True)) == b"\x1b[I"
    assert focus(False, Modes(focus=True)) == b"\x1b[O"
