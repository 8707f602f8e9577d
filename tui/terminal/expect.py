"""pexpect on a stream that someone else reads: its matching, none of its I/O.

The session hands every chunk to the emulator and to this; an `expect` resolves from the same callback.
"""

from __future__ import annotations

import asyncio
from codecs import getincrementaldecoder
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from pexpect.expect import Expecter, searcher_re
from pexpect.spawnbase import SpawnBase

if TYPE_CHECKING:
    _Text = SpawnBase[str]
else:
    _Text = SpawnBase

_KEPT = 65536
# What a pattern may span; pexpect would search everything since the last match with every chunk.
_WINDOW = 8192


@dataclass(frozen=True, slots=True)
class Match:
    """Which pattern matched, its groups, the text before it and its own."""

    index: int
    groups: tuple[str | None, ...]
    before: str
    text: str


class Ended(Exception):
    """The stream ended before a pattern matched."""


class Watcher(_Text):
    """Text of a stream since the last match; what nobody waits for is kept to its last 64 KiB."""

    def __init__(self) -> None:
        super().__init__(encoding="utf-8", searchwindowsize=_WINDOW)
        self._text = getincrementaldecoder("utf-8")("replace")
        self._waiting: tuple[Expecter[str], asyncio.Future[int]] | None = None

    def take(self, data: bytes) -> None:
        """Look at what came."""
        text = self._text.decode(data)
        if self._waiting is None:
            self.buffer = (self.buffer + text)[-_KEPT:]
            self._before = StringIO(self.buffer)
            self._before.seek(0, 2)
            return
        expecter, found = self._waiting
        if found.done():
            self.buffer += text
            self._before.write(text)
        elif (index := expecter.new_data(text)) is not None:
            found.set_result(index)

    def end(self) -> None:
        """Tell whoever waits that nothing more comes."""
        self.flag_eof = True
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(Ended("the shell ended"))

    async def find(self, patterns: Sequence[str], timeout: float) -> Match:
        """Wait for the first of the patterns (re, DOTALL); TimeoutError, or Ended at the stream's end."""
        searcher = searcher_re(self.compile_pattern_list(list(patterns)))
        expecter = Expecter(self, searcher)
        index = expecter.existing_data()
        if index is None:
            if self.flag_eof:
                raise Ended("the shell ended")
            found = asyncio.get_running_loop().create_future()
            self._waiting = expecter, found
            try:
                index = await asyncio.wait_for(found, timeout)
            finally:
                self._waiting = None
        return Match(index, searcher.match.groups(), str(self.before), str(self.after))
