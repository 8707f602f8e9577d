from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.ansi import DISPLAY_BYTES, plain, runs
from pydock.tui.terminal.pen import BOLD, DIM, PLAIN, RGB, UNDERLINE, Pen


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain", [("plain", PLAIN)]),
        (b"\x1b[1;31mred\x1b[0m on", [("red", Pen(1, None, BOLD)), (" on", PLAIN)]),
        (b"\x1b[38;5;208ma\x1b[48;2;1;2;3mb", [("a", Pen(208)), ("b", Pen(208, RGB | 0x010203))]),
        (b"\x1b[38:2::1:2:3mcolon", [("colon", Pen(RGB | 0x010203))]),
        (b"\x1b[4:3mcurly\x1b[4:0m", [("curly", Pen(flags=UNDERLINE))]),
        (b"\x1b[97;100mbright", [("bright", Pen(15, 8))]),
        (
            b"a\x1b[2J\x1b[10;10Hb\x1b]0;title\x07c\x1b(Bd",
            [("a", PLAIN), ("b", PLAIN), ("c", PLAIN), ("d", PLAIN)],
        ),
        (b"\x1b]8;;http://x\x07link\x1b]8;;\x07.", [("link", Pen(link="http://x")), (".", PLAIN)]),
        (b"a\tb", [("a", PLAIN), ("       ", PLAIN), ("b", PLAIN)]),
        (b"10%\r20%\r30%\r", [("30%", PLAIN)]),
        (b"bell\x07", [("bell", PLAIN), ("^G", Pen(flags=DIM))]),
        (b"\xff\xfe", [("\ufffd\ufffd", PLAIN)]),
        (b"", []),
    ],
)
def test_runs(line: bytes, shown: list[tuple[str, Pen]]) -> None:
    assert runs(line) == shown


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_no_control_character_gets_through(line: bytes) -> None:
    for text, _ in runs(line):
        assert not any(unicodedata.category(letter) == "Cc" for letter in text)
        assert "\u202e" not in text


def test_a_megabyte_is_cut_for_display_and_whole_for_copying() -> None:
    """lazydocker#221: a 90,000-character line froze the screen."""
    line = b"x" * 1_000_000
    shown = runs(line)
    assert sum(len(text) for text, _ in shown) < DISPLAY_BYTES + 40
    assert "983,616 more bytes" in shown[-1][0]
    assert plain(line) == "x" * 1_000_000
