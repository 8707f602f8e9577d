"""A cell's look as a value, and runs of cells that share one: what emulators and log lines are drawn from.

A colour is an int: 0 to 255 of the palette (ECMA-48, xterm's 256), or `RGB | 0xrrggbb`; None is the default.
"""

from __future__ import annotations

from typing import NamedTuple

RGB = 1 << 24

BOLD, DIM, ITALIC, UNDERLINE, BLINK, REVERSE, CONCEAL, STRIKE, OVERLINE, UNDERLINE2 = (
    1 << bit for bit in range(10)
)


class Pen(NamedTuple):
    """Foreground, background and attribute bits (BOLD and so on)."""

    fg: int | None = None
    bg: int | None = None
    flags: int = 0
    link: str = ""


PLAIN = Pen()

Run = tuple[str, Pen]
"""Text without control characters, in one pen."""

_ON = {
    1: BOLD,
    2: DIM,
    3: ITALIC,
    4: UNDERLINE,
    5: BLINK,
    6: BLINK,
    7: REVERSE,
    8: CONCEAL,
    9: STRIKE,
    21: UNDERLINE2,
    53: OVERLINE,
}
_OFF = {
    22: BOLD | DIM,
    23: ITALIC,
    24: UNDERLINE | UNDERLINE2,
    25: BLINK,
    27: REVERSE,
    28: CONCEAL,
    29: STRIKE,
    55: OVERLINE,
}


def apply_sgr(pen: Pen, parameters: str) -> Pen:
    """Return `pen` after `CSI parameters m` (ECMA-48 8.3.117, xterm's 38/48 with ; or :)."""
    fg, bg, flags, link = pen
    codes = [[_number(sub) for sub in code.split(":")] for code in parameters.split(";")]
    at = 0
    while at < len(codes):
        code, *subs = codes[at]
        at += 1
        if code == 0:
            fg, bg, flags = None, None, 0
        elif code == 4 and subs:
            flags &= ~(UNDERLINE | UNDERLINE2)
            flags |= (0, UNDERLINE, UNDERLINE2, UNDERLINE, UNDERLINE, UNDERLINE)[min(subs[0], 5)]
        elif code in _ON:
            flags |= _ON[code]
        elif code in _OFF:
            flags &= ~_OFF[code]
        elif code in (38, 48, 58):
            if subs:
                color = _color([subs[0], *subs[-3:]] if subs[0] == 2 else subs)
            else:
                rest = [code[0] for code in codes[at : at + 4]]
                color = _color(rest)
                at += {2: 4, 5: 2}.get(rest[0] if rest else 0, 0)
            if code == 38:
                fg = color if color is not None else fg
            elif code == 48:
                bg = color if color is not None else bg
        elif 30 <= code <= 37:
            fg = code - 30
        elif code == 39:
            fg = None
        elif 40 <= code <= 47:
            bg = code - 40
        elif code == 49:
            bg = None
        elif 90 <= code <= 97:
            fg = code - 82
        elif 100 <= code <= 107:
            bg = code - 92
    return Pen(fg, bg, flags, link)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0


def _color(parts: list[int]) -> int | None:
    match parts:
        case [5, index, *_] if index < 256:
            return index
        case [2, red, green, blue, *_] if max(red, green, blue) < 256:
            return RGB | red << 16 | green << 8 | blue
    return None
