"""A log line as runs of printable text: colours kept, everything that would move a cursor dropped.

ECMA-48: CSI ... m sets the pen, other control sequences go; a control character is shown as ^X; OSC 8 links
are kept in the pen. No control character, C1 ones and bidirectional overrides included, gets through.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

from ..terminal.pen import DIM, PLAIN, REVERSE, Pen, Run, apply_sgr

DISPLAY_BYTES = 16384
"""What is shown of a line; the rest stays in the store, for copying and saving."""

_TAB = 8
_TOKEN = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b\]8;[^;\x07\x1b]*;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|(?:\x1b[\]P^_X]|[\x90\x9d\x9e\x9f\x98])[^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<tab>\t)"
    r"|(?P<return>\r)"
    r"|[\x08\u200b\u2060\ufeff]"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])"
)


def runs(text: bytes) -> list[Run]:
    """Return what is seen of a line."""
    if len(text) > DISPLAY_BYTES:
        shown = _runs(text[:DISPLAY_BYTES].decode(errors="ignore"))
        return [*shown, (f" … {len(text) - DISPLAY_BYTES:,} more bytes", Pen(flags=DIM | REVERSE))]
    return _runs(text.decode(errors="replace"))


def plain(text: bytes) -> str:
    """Return all of a line as it is read, without colours and controls."""
    return "".join(part for part, _ in _runs(text.decode(errors="replace")))


def _runs(text: str) -> list[Run]:
    if text.isprintable():
        return [(text, PLAIN)] if text else []
    made: list[Run] = []
    pen = PLAIN
    at = 0
    for token in _TOKEN.finditer(text):
        if token.start() > at:
            made.append((text[at : token.start()], pen))
        at = token.end()
        match token.lastgroup:
            case "sgr":
                pen = apply_sgr(pen, token["sgr"])
            case "link":
                pen = pen._replace(link=token["link"])
            case "tab":
                column = sum(cell_len(part) for part, _ in made)
                made.append((" " * (_TAB - column % _TAB), pen))
            case "return":
                # A progress bar draws over itself; the last state is what its writer meant to leave.
                if text[at:].strip("\r"):
                    made.clear()
            case "control":
                made.append((_shown(token[0]), pen._replace(flags=pen.flags | DIM)))
    if at < len(text):
        made.append((text[at:], pen))
    return made


def _shown(control: str) -> str:
    code = ord(control)
    if code < 32:
        return "^" + chr(code + 64)
    return "^?" if code == 127 else "\ufffd"
