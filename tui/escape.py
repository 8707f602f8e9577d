"""The escape key is told from the beginning of a sequence also when more keys come in the same read.

Over a slow line `esc` and `:wq` arrive together. Textual waits for an end of the sequence that they seem to
begin, and gives out `^:wq`. Here an escape that begins no sequence is written as the kitty protocol writes it
(https://sw.kovidgoyal.net/kitty/keyboard-protocol/), before Textual's parser sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message

_ESCAPE_KEY = "[27u"
_PASTE = re.compile(r"\x1b\[200~.*?(?:\x1b\[201~|$)", re.DOTALL)
_LONE = re.compile(r"\x1b(?=[^\x1b\[O\]P_^X])")


class Parser(XTermParser):
    """Textual's parser behind `telling_escapes`."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._escaped = False

    def feed(self, data: str) -> Iterable[Message]:
        if not data:
            return super().feed(data)
        # When time was up, the parser has given the key out already and waits for nothing.
        told = telling_escapes(data, self._escaped and self._timeout_time is not None)
        self._escaped = told.endswith("\x1b")
        return super().feed(told)


def telling_escapes(data: str, escaped: bool) -> str:
    """Return what was read with its escape keys told apart; `escaped` when the read before ended with one."""
    if escaped and data[0] not in "\x1b[O]P_^X":
        data = _ESCAPE_KEY + data
    parts: list[str] = []
    end = 0
    for paste in _PASTE.finditer(data):
        parts += [_LONE.sub("\x1b" + _ESCAPE_KEY, data[end : paste.start()]), paste[0]]
        end = paste.end()
    return "".join([*parts, _LONE.sub("\x1b" + _ESCAPE_KEY, data[end:])])


def install() -> None:
    """Let the driver of a terminal use this parser: Textual has no other way to give it one."""
    setattr(linux_driver, "XTermParser", Parser)  # noqa: B010  # it is not exported
