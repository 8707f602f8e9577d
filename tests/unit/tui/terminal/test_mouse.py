from __future__ import annotations

import pytest

from pydock.tui.terminal.backend import Modes
from pydock.tui.terminal.mouse import WHEEL_UP, Kind, encode


@pytest.mark.parametrize(
    ("mode", "sgr", "kind", "button", "sent"),
    [
        (0, False, "press", 1, b""),
        (9, False, "press", 1, b"\x1b[M !!"),
        (9, False, "release", 1, b""),
        (1000, False, "press", 3, b'\x1b[M"!!'),
        (1000, False, "release", 3, b"\x1b[M#!!"),
        (1000, False, "move", 1, b""),
        (1000, True, "press", 1, b"\x1b[<0;1;1M"),
        (1000, True, "release", 1, b"\x1b[<0;1;1m"),
        (1000, True, "press", WHEEL_UP, b"\x1b[<64;1;1M"),
        (1002, True, "move", 0, b""),
        (1002, True, "move", 1, b"\x1b[<32;1;1M"),
        (1003, True, "move", 0, b"\x1b[<35;1;1M"),
    ],
)
def test_report(mode: int, sgr: bool, kind: Kind, button: int, sent: bytes) -> None:
    assert encode(kind, button, 0, 0, Modes(mouse=mode, mouse_sgr=sgr)) == sent


def test_modifiers_and_place() -> None:
    sent = encode("press", 1, 9, 4, Modes(mouse=1000, mouse_sgr=True), shift=True, alt=True, ctrl=True)
    assert sent == b"\x1b[<28;10;5M"


def test_legacy_encoding_says_nothing_beyond_its_reach() -> None:
    assert encode("press", 1, 300, 0, Modes(mouse=1000)) == b""
