"""Detach keys: a sequence in a client's input that ends its attachment and not the container.

https://docs.docker.com/reference/cli/docker/container/attach/
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Invalid

if TYPE_CHECKING:
    from ..schema.message import Stream

_HOLD_S = 1.0
DEFAULT = "ctrl-p,ctrl-q"
_CONTROLS = {"ctrl-@": 0, "ctrl-[": 27, "ctrl-\\": 28, "ctrl-]": 29, "ctrl-^": 30, "ctrl-_": 31}


def parse(text: str) -> bytes:
    """Read "ctrl-p,ctrl-q", "ctrl-a,x"; raises Invalid."""
    return bytes(_key(part) for part in (text or DEFAULT).split(","))


def _key(text: str) -> int:
    if text in _CONTROLS:
        return _CONTROLS[text]
    letter = text.removeprefix("ctrl-")
    if letter != text and len(letter) == 1 and "a" <= letter <= "z":
        return ord(letter) - ord("a") + 1
    if len(text) == 1 and text.isascii():
        return ord(text)
    raise Invalid(f"Invalid detach keys ({text}) provided: Unknown character: '{text}'")


@dataclass(slots=True)
class Detector:
    """Looks for the sequence in input as it comes.

    Invariant: `_held` is a proper beginning of `keys`, kept back until it is clear what follows.
    """

    keys: bytes
    found: bool = False
    _held: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Return what is to be passed on; `found` is set when the sequence is complete."""
        text = self._held + data
        at = text.find(self.keys)
        if at >= 0:
            self.found = True
            self._held = b""
            return text[:at]
        keep = next(
            (n for n in range(min(len(self.keys) - 1, len(text)), 0, -1) if self.keys.startswith(text[-n:])),
            0,
        )
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    async def read(self, client: Stream) -> bytes:
        """Return what is to be passed on next, b"" at the end or when the sequence was found.

        What is kept back is passed on when nothing follows for a moment: a shell needs its ctrl-p.
        """
        while not self.found:
            try:
                async with asyncio.timeout(_HOLD_S if self._held else None):
                    data = await client.read()
            except TimeoutError:
                data, self._held = self._held, b""
                return data
            if not data:
                data, self._held = self._held, b""
                return data
            if text := self.feed(data):
                return text
        return b""
