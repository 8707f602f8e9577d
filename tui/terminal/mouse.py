"""Mouse reports as xterm sends them (ctlseqs, "Mouse Tracking")."""

from __future__ import annotations

from typing import Literal

from .backend import Modes

Kind = Literal["press", "release", "move"]

WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = 64, 65, 66, 67
_LEGACY_MOST = 223


def encode(
    kind: Kind,
    button: int,
    x: int,
    y: int,
    modes: Modes,
    *,
    shift: bool = False,
    alt: bool = False,
    ctrl: bool = False,
) -> bytes:
    """Return the report of an event at column x, row y (from 0); b"" when the program has not asked for it.

    `button` is 0 for none, 1 left, 2 middle, 3 right, or one of the wheel's codes.
    """
    if not _wanted(kind, button, modes):
        return b""
    code = button if button >= WHEEL_UP else (button - 1 if button else 3)
    if modes.mouse != 9:
        code |= 4 * shift | 8 * alt | 16 * ctrl
    if kind == "move":
        code |= 32
    if modes.mouse_sgr:
        return f"\x1b[<{code};{x + 1};{y + 1}{'m' if kind == 'release' else 'M'}".encode()
    if x >= _LEGACY_MOST or y >= _LEGACY_MOST:
        return b""
    if kind == "release":
        code |= 3
    return b"\x1b[M" + bytes((code + 32, x + 33, y + 33))


def _wanted(kind: Kind, button: int, modes: Modes) -> bool:
    match modes.mouse:
        case 0:
            return False
        case 9:
            return kind == "press" and button < WHEEL_UP
        case 1000:
            return kind != "move"
        case 1002:
            return kind != "move" or button > 0
        case _:
            return True
