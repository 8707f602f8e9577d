"""Repeated lines and stack traces folded under the line they belong to.

Whether a line folds is decided by it and the line before it alone, so lines may come at either end. A fold
only hides: copying and saving read the view below it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from typing import Literal

from .ids import Ids
from .store import NOTE
from .view import SLICE, LineView, Places

Folding = Literal["off", "repeats", "traces"]
FOLDINGS: tuple[Folding, ...] = ("repeats", "traces", "off")
"""In the order in which a key goes through them; "traces" folds repeats too."""

# Frames that say themselves what they are: Java, JavaScript and .NET `at`, Ruby `from`, Rust's numbers.
_FRAME = re.compile(
    rb"""\s+at\s\S
    | \s*Caused\ by:\s | \s*Suppressed:\s | \s+\.\.\.\s\d+\s(?:more|common)
    | \s+File\ ".*",\ line\ \d | \s+\[Previous\ line\ repeated | \s+[~^]+\s*$
    | \s+from\s\S+:\d+:in\s
    | \s+\d+:\s+(?:0x[0-9a-f]+\s-\s)?[\w<]\S*::
    | \t\S+\.(?:go|s):\d+(?:\s\+0x[0-9a-f]+)?$""",
    re.VERBOSE,
)
_PYTHON = re.compile(rb'\s+File ".*", line \d')
_GO_HEAD = re.compile(rb"goroutine \d+ \[|\t\S+\.(?:go|s):\d+")
_GO_CALL = re.compile(rb"(?:created by )?[\w./*()\[\]{}$-]+(?:\(.*\))?(?: in goroutine \d+)?$")


def continues(before: bytes, text: bytes) -> bool:
    """Whether a line goes on with the stack trace that the line before it is of."""
    if text[:1] in (b" ", b"\t"):
        return _FRAME.match(text) is not None or _PYTHON.match(before) is not None
    if text[:1] in (b"C", b"S") and _FRAME.match(text):
        return True
    return _GO_HEAD.match(before) is not None and _GO_CALL.match(text) is not None


class FoldView(Places):
    """The lines of `base` without the folded ones.

    Invariant: `_hidden` holds ids of `base` between `_low` and `_high`, never the oldest of them.
    """

    def __init__(self, base: LineView, folding: Folding) -> None:
        self.base = base
        self.lines = base.lines
        self._traces = folding == "traces"
        self._hidden = Ids()
        self._low = self._high = base.high
        # The oldest line that was looked at had no line before it then.
        self._unsure: int | None = None
        self._guess = 0

    def __len__(self) -> int:
        return len(self.base) - len(self._hidden)

    def update(self, slice: int = SLICE) -> bool:
        more = self.base.update(slice)
        first, low, high = self.lines.first, self.base.low, self.base.high
        self._hidden.forget(first)
        self._low, self._high = max(self._low, first), max(self._high, first)
        if high - self._high > 4 * slice or self._low < low:
            self._hidden.clear()
            self._unsure = None
            self._low = self._high = high
        budget = slice - (high - self._high)
        self._hidden.append(self._folded(self._high, high))
        self._high = high
        if budget > 0 and self._low > low:
            start = max(low, self._low - budget)
            stop = self._low if self._unsure is None else self._unsure + 1
            self._unsure = None
            self._hidden.prepend(self._folded(start, stop))
            self._low = start
        self._show_oldest()
        return more or self._low > low

    def index(self, id: int) -> int:
        return self.base.index(id) - self._hidden.index(id)

    def at(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(index)
        # `folded` is how many hidden lines stand before the one that is looked for.
        low, high = 0, len(self._hidden)
        folded = min(self._guess, high)
        while low < high:
            if self._shown_before(folded) > index:
                high = folded
            else:
                low = folded + 1
            folded = (low + high) // 2 if low < high else low
        self._guess = max(low - 1, 0)
        return self.base.at(index + low)

    def folded(self, id: int) -> int:
        """Return how many lines are folded under a shown one."""
        if not len(self._hidden):
            return 0
        following = self.step(id, 1)
        end = len(self._hidden) if following is None else self._hidden.index(following)
        return end - self._hidden.index(id)

    def hides(self, id: int) -> bool:
        return id in self._hidden

    def unfold(self, id: int) -> None:
        """Show what is folded under a shown line, or with a hidden one."""
        head = id
        if self.hides(id):
            head = self.at(self.index(id) - 1)
        start = self._hidden.index(head)
        self._hidden.remove(start, start + self.folded(head))

    def _shown_before(self, folded: int) -> int:
        """How many shown lines stand before the hidden one of this number."""
        if folded >= len(self._hidden):
            return len(self)
        return self.base.index(self._hidden.at(folded)) - folded

    def _show_oldest(self) -> None:
        """What a fold hung under has been dropped: its oldest line is shown in its place."""
        if len(self._hidden) and self.base.index(self._hidden.at(0)) == 0:
            self._hidden.remove(0, 1)

    def _folded(self, start: int, stop: int) -> array[int]:
        """Return the ids from start to stop that fold."""
        base = self.base
        at = base.index(start)
        before, source, folds = b"", -1, self._folds
        if at > 0:
            line = self.lines.line(base.at(at - 1))
            before, source = line.text, line.source if line.stream != NOTE else -1
        elif at < len(base):
            self._unsure = base.at(at)
        ids = array("q")
        for batch in self.lines.batches(start, stop):
            texts, streams, sources = batch.texts, batch.streams, batch.sources
            for index in self._passing(batch.first, len(texts)):
                text = texts[index]
                of = sources[index] if sources else 0
                if streams[index] == NOTE:
                    of = -1
                elif of == source and folds(before, text):
                    ids.append(batch.first + index)
                before, source = text, of
        return ids

    @property
    def _folds(self) -> Callable[[bytes, bytes], bool]:
        if self._traces:
            return lambda before, text: text == before or continues(before, text)
        return lambda before, text: text == before

    def _passing(self, first: int, count: int) -> range | list[int]:
        if not self.base.filters:
            return range(count)
        base = self.base
        return [base.at(at) - first for at in range(base.index(first), base.index(first + count))]
