"""The keys that leave a container running: `ctrl-p,ctrl-q`, or those of --detach-keys. Does no I/O."""

from __future__ import annotations

from .failure import Failure

DEFAULT = "ctrl-p,ctrl-q"
_CONTROL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def parse(text: str) -> bytes:
    """Read a comma-separated sequence of letters and `ctrl-x`; raises Failure."""
    return bytes(_code(key) for key in text.split(",")) if text else b""


def _code(key: str) -> int:
    if len(key) == 1 and key.isascii():
        return ord(key)
    head, _, letter = key.partition("-")
    if head.lower() == "ctrl" and len(letter) == 1:
        if letter.lower().isascii() and letter.isalpha():
            return ord(letter.lower()) - ord("a") + 1
        if letter in _CONTROL:
            return _CONTROL[letter]
    raise Failure(f"Unknown character: '{key}'")


class KeyFilter:
    """Passes typed bytes on and looks for the sequence among them.

    The beginning of a possible sequence is held back until the next byte or `flush`, so whoever feeds this
    flushes when nothing follows for a moment: ctrl-p alone must reach a shell.
    """

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._matched = 0
        self.detached = False

    @property
    def holding(self) -> bool:
        return self._matched > 0

    def feed(self, data: bytes) -> bytes:
        """Return what to send; sets `detached` at the end of the sequence and drops what follows it."""
        if not self._sequence:
            return data
        out = bytearray()
        for byte in data:
            if byte != self._sequence[self._matched]:
                out += self.flush()
            if byte == self._sequence[self._matched]:
                self._matched += 1
                if self._matched == len(self._sequence):
                    self.detached = True
                    return bytes(out)
            else:
                out.append(byte)
        return bytes(out)

    def flush(self) -> bytes:
        """Give up on what is held back and return it."""
        held = self._sequence[: self._matched]
        self._matched = 0
        return held
