"""How names, numbers and times are put into a fixed number of cells."""

from __future__ import annotations

import locale
import os
import re
from dataclasses import dataclass

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SIZES = "BKMGTPE"
_AGES = ((365 * 86400, "y"), (30 * 86400, "mo"), (7 * 86400, "w"), (86400, "d"), (3600, "h"), (60, "m"))


def clean(text: str) -> str:
    """Escape what a terminal would act on: controls, bidirectional overrides, invisible marks.

    Names and labels are foreign text; a name must not be able to move the cursor or hide itself.
    """
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def percent(value: float | None) -> str:
    """Format a percentage in exactly six cells, so that live columns never shift."""
    if value is None:
        return "     -"
    if value < 99.95:
        return f"{value:5.1f}%"
    return f"{min(value, 99999):5.0f}%"


def size(count: float | None, base: int = 1024) -> str:
    """Format bytes in exactly five cells: `  41M`, ` 1.2G`; `base` 1000 where docker counts so (images)."""
    if count is None:
        return "    -"
    value, unit = float(max(count, 0)), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / base, unit + 1
    if unit and value < 9.95:
        return f"{value:4.1f}{_SIZES[unit]}"
    return f"{value:4.0f}{_SIZES[unit]}"


def age(seconds: float) -> str:
    """Format a duration by its largest unit: `3d`, `12m`, `5s`."""
    for unit, name in _AGES:
        if seconds >= unit:
            return f"{int(seconds // unit)}{name}"
    return f"{max(int(seconds), 0)}s"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that stand for something; every one is one cell wide."""

    running: str = "●"
    exited: str = "○"
    paused: str = "◫"
    restarting: str = "↻"
    created: str = "◌"
    dead: str = "✗"
    mark: str = "▌"
    cursor: str = "▸"
    up: str = "↑"
    down: str = "↓"
    thumb: str = "▐"
    dot: str = "·"
    ellipsis: str = "…"
    warn: str = "▲"
    bar: str = "│"
    arrow: str = "→"
    unicode: bool = True

    def state(self, state: str) -> str:
        """The glyph of a container's state; states unknown to us count as dead."""
        match state:
            case "running":
                return self.running
            case "exited" | "stopped":
                return self.exited
            case "paused":
                return self.paused
            case "restarting":
                return self.restarting
            case "created" | "configured" | "removing":
                return self.created
            case _:
                return self.dead


UNICODE = Glyphs()
ASCII = Glyphs(
    running="*",
    exited="-",
    paused="=",
    restarting="~",
    created="o",
    dead="x",
    mark="|",
    cursor=">",
    up="^",
    down="v",
    thumb="#",
    dot=".",
    ellipsis="~",
    warn="!",
    bar="|",
    arrow="->",
    unicode=False,
)


def glyphs_for_terminal() -> Glyphs:
    """Choose the glyphs that the locale can show; PYDOCK_ASCII=1 forces the plain ones."""
    if os.environ.get("PYDOCK_ASCII"):
        return ASCII
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    if "utf" in wanted.lower():
        return UNICODE
    if wanted in ("", "C", "POSIX"):
        return ASCII if wanted else _by_encoding()
    return _by_encoding()


def _by_encoding() -> Glyphs:
    return UNICODE if "utf" in locale.getpreferredencoding(False).lower() else ASCII
