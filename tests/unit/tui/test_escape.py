"""The escape key within a burst."""

from __future__ import annotations

import pytest

from pydock.tui.escape import Parser, telling_escapes


def _keys(*reads: str) -> list[str]:
    parser = Parser()
    found = [message for read in reads for message in parser.feed(read)]
    return [getattr(message, "key", "") or type(message).__name__ for message in found]


@pytest.mark.parametrize(
    ("reads", "keys"),
    [
        (["\x1b:wq"], ["escape", "colon", "w", "q"]),
        (["a\x1b", ":w"], ["a", "escape", "colon", "w"]),
        (["\x1b[A\x1b[B"], ["up", "down"]),
        (["\x1bOA"], ["up"]),
        (["\x1bj\x1bk"], ["escape", "j", "escape", "k"]),
    ],
)
def test_an_escape_in_a_burst_is_the_key(reads: list[str], keys: list[str]) -> None:
    assert _keys(*reads) == keys


def test_an_escape_that_was_given_out_stays_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = Parser()
    assert list(parser.feed("\x1b")) == []
    monkeypatch.setattr("textual._parser.get_time", lambda: 1e12)
    assert [message.key for message in parser.tick()] == ["escape"]  # type: ignore[attr-defined]
    assert [message.key for message in parser.feed(":")] == ["colon"]  # type: ignore[attr-defined]


def test_a_paste_is_left_as_it_is() -> None:
    paste = "\x1b[200~a\x1bb\x1b[201~"
    assert telling_escapes(paste, escaped=False) == paste
    assert telling_escapes(paste + "\x1bx", escaped=False) == paste + "\x1b[27ux"
