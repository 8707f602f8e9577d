"""Keys and pastes as the bytes that xterm sends (ctlseqs, "PC-Style Function Keys"); names are Textual's."""

from __future__ import annotations

import re
import unicodedata

from .backend import Modes

_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_LETTERED = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_NUMBERED = {
    **{"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6},
    **{"f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24},
    **{"f13": 25, "f14": 26, "f15": 28, "f16": 29, "f17": 31, "f18": 32, "f19": 33, "f20": 34},
}
_PLAIN = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_NAMES = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "circumflex_accent": "^",
    "space": " ",
}
# Digits as on a VT220; the others are what terminals send beside the letters.
_CONTROLS = {
    "2": 0,
    "3": 27,
    "4": 28,
    "5": 29,
    "6": 30,
    "7": 31,
    "8": 127,
    " ": 0,
    "/": 31,
    "-": 31,
    "?": 127,
}
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def encode(key: str, character: str | None, modes: Modes) -> bytes:
    """Return what a key sends; b"" for one that sends nothing."""
    *held, name = key.split("+") if len(key) > 1 else (key,)
    modifiers = sum({"shift": 1, "alt": 2, "meta": 2, "ctrl": 4}.get(each, 0) for each in held)
    if (special := _special(name, modifiers, modes)) is not None:
        return special
    alt = b"\x1b" if modifiers & 2 else b""
    if name in _PLAIN and not modifiers & 4:
        return alt + _PLAIN[name].encode()
    letter = _letter(name, character if not held else None)
    if modifiers & 4:
        code = _control(name, letter)
        return b"" if code is None else alt + bytes((code,))
    return alt + (letter or "").encode() if letter else b""


def paste(text: str, modes: Modes) -> bytes:
    """Return what pasting `text` sends: no escape sequence of its own, no control but tab and return."""
    cleaned = _UNSAFE.sub("", text.replace("\r\n", "\r").replace("\n", "\r"))
    if modes.bracketed_paste:
        return b"\x1b[200~" + cleaned.encode() + b"\x1b[201~"
    return cleaned.encode()


def focus(gained: bool, modes: Modes) -> bytes:
    """Return what the pane's focus change sends."""
    return (b"\x1b[I" if gained else b"\x1b[O") if modes.focus else b""


def _special(name: str, modifiers: int, modes: Modes) -> bytes | None:
    if name == "tab" and modifiers & 1:
        return b"\x1b[Z"
    if name in _NUMBERED:
        parameter = f";{modifiers + 1}" if modifiers else ""
        return f"\x1b[{_NUMBERED[name]}{parameter}~".encode()
    final = _CURSOR.get(name) or _LETTERED.get(name)
    if final is None:
        return None
    if modifiers:
        return f"\x1b[1;{modifiers + 1}{final}".encode()
    return f"\x1b{'O' if name in _LETTERED or modes.application_cursor else '['}{final}".encode()


def _letter(name: str, character: str | None) -> str | None:
    if character is not None and character.isprintable():
        return character
    if len(name) == 1:
        return name
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("upper_") and len(name) == 7:
        return name[-1].upper()
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return None


def _control(name: str, letter: str | None) -> int | None:
    if name == "backspace":
        return 8
    if name in _PLAIN and name != "space":
        return ord(_PLAIN[name])
    if letter is None:
        return None
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    code = ord(letter.upper())
    return code & 31 if 64 <= code < 96 else None
