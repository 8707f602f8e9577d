"""What a terminal emulator must do for a shell pane (xterm's control sequences, ctlseqs)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from .pen import Run

Shape = Literal["block", "underline", "bar"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the cursor is on the shown rows; `visible` is False also when it is scrolled out of view."""

    x: int
    y: int
    shape: Shape = "block"
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Modes:
    """What the program has asked of keyboard, mouse and screen. `mouse` is 0, 9, 1000, 1002 or 1003."""

    application_cursor: bool = False
    application_keypad: bool = False
    bracketed_paste: bool = False
    mouse: int = 0
    mouse_sgr: bool = False
    focus: bool = False
    synchronized: bool = False
    alternate_screen: bool = False


class TerminalBackend(Protocol):
    """An emulator without a window.

    Bytes may be cut anywhere between calls of `feed`. The rows shown are the screen, or history that was
    scrolled to; history stays in view while more comes. `clipboard` collects what programs copy (OSC 52);
    what they would read from it is never answered. tests/contract/test_terminal_backend.py is the contract.
    """

    name: str
    chunk: int
    """Bytes that `feed` handles in a few milliseconds."""
    columns: int
    rows: int
    clipboard: list[str]

    def feed(self, data: bytes) -> bytes:
        """Take output of the program; returns what is to be sent back to it (DA, DSR)."""

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; both are at least 1. The cursor stays inside."""

    def dirty(self) -> Iterable[int]:
        """Return the shown rows that changed since the last call."""

    def row(self, y: int) -> list[Run]:
        """Return a shown row, exactly `columns` cells as the emulator counts them."""

    def scroll(self, by: int) -> int:
        """Move the view by rows, up into history when negative; returns how far above the screen it is."""

    def scroll_to_end(self) -> None:
        """Show the screen."""

    def cursor(self) -> Cursor: ...

    def modes(self) -> Modes: ...

    def title(self) -> str: ...

    def close(self) -> None:
        """Free what the emulator holds."""


def make(kind: str, columns: int, rows: int) -> TerminalBackend:
    """Make a backend: "ghostty", "bittty", or "auto" for the first of them that can be imported."""
    if kind in ("auto", "ghostty"):
        try:
            from .ghostty_backend import GhosttyBackend
        except (ImportError, OSError):
            # OSError: the wheel's library does not fit this C library.
            if kind == "ghostty":
                raise
        else:
            return GhosttyBackend(columns, rows)
    from .bittty_backend import BitttyBackend

    return BitttyBackend(columns, rows)


# Titles (OSC l, OSC L) and the clipboard (OSC 52) would put words of others on the program's keyboard.
_FORBIDDEN = re.compile(rb"\x1b\](?:l|L|52;)[^\x07\x1b]*(?:\x07|\x1b\\)?")


def allowed(reply: bytes) -> bytes:
    """Return `reply` without what no program may be told."""
    return _FORBIDDEN.sub(b"", reply) if b"\x1b]" in reply else reply


def row_text(backend: TerminalBackend, y: int) -> str:
    """Return a shown row as text without trailing blanks."""
    return "".join(text for text, _ in backend.row(y)).rstrip()
