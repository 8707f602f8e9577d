"""Which lines are seen: predicates over batches of lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pydock.core.errors import Invalid

from .severity import Level, level_of
from .store import NOTE, Batch

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")


def strip_escapes(text: bytes) -> bytes:
    """Return `text` as it is read: a match must not depend on the colours in it."""
    return _ESCAPES.sub(b"", text) if b"\x1b" in text else text


_STREAMS = ("notes", "stdout", "stderr")


@dataclass(frozen=True, slots=True)
class Filter:
    """A line passes when all that is set holds; lines of ours (NOTE) always pass.

    Letters match both cases unless `text` has a capital (smart case). `since` and `until` are ns; `muted`
    are sources of a merge.
    Raises Invalid for a regular expression that is none.
    """

    text: str = ""
    regex: bool = False
    inverse: bool = False
    streams: frozenset[int] = frozenset()
    level: Level = Level.NONE
    since: int | None = None
    until: int | None = None
    muted: frozenset[int] = frozenset()
    _matches: Callable[[bytes], object] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matches", self._compile() if self.text else None)

    def __bool__(self) -> bool:
        return bool(
            self.text or self.streams or self.level or self.muted or self.since is not None or self.until
        )

    def __str__(self) -> str:
        parts = [_STREAMS[stream] for stream in sorted(self.streams)]
        if self.level:
            parts.append(f"{self.level.name.lower()}+")
        if self.text:
            parts.append(("!" if self.inverse else "") + (f"/{self.text}/" if self.regex else self.text))
        return " ".join(parts)

    def expression(self) -> re.Pattern[str] | None:
        """Return what to highlight in a shown line."""
        if not self.text or self.inverse:
            return None
        return re.compile(self.text if self.regex else re.escape(self.text), self._flags())

    def may_match(self, data: bytes) -> bool:
        """Whether any line of `data` can pass: a fast look at many at once, which may say yes in vain."""
        if self._matches is None or self.inverse or self.regex or b"\x1b" in data:
            return True
        return bool(self._matches(data))

    def select(self, batch: Batch) -> list[int]:
        """Return the indexes in `batch` of the lines that pass."""
        texts, streams, times = batch.texts, batch.streams, batch.times
        chosen: list[int] | range = range(len(texts))
        if self.muted and batch.sources:
            sources = batch.sources
            chosen = [i for i in chosen if sources[i] not in self.muted]
        if self.streams:
            wanted = self.streams | {NOTE}
            chosen = [i for i in chosen if streams[i] in wanted]
        if self.since is not None:
            since = self.since
            chosen = [i for i in chosen if times[i] >= since or streams[i] == NOTE]
        if self.until:
            until = self.until
            chosen = [i for i in chosen if times[i] <= until or streams[i] == NOTE]
        matches = self._matches
        if matches is not None:
            keep = not self.inverse
            chosen = [
                i for i in chosen if bool(matches(strip_escapes(texts[i]))) is keep or streams[i] == NOTE
            ]
        if self.level:
            level = self.level
            chosen = [i for i in chosen if streams[i] == NOTE or level_of(strip_escapes(texts[i])) >= level]
        return list(chosen)

    def _flags(self) -> int:
        return 0 if any(letter.isupper() for letter in self.text) else re.IGNORECASE

    def _compile(self) -> Callable[[bytes], object]:
        if self.regex:
            try:
                return re.compile(self.text.encode(), self._flags()).search
            except re.error as err:
                raise Invalid(f"not a regular expression: {self.text}: {err}") from err
        needle = self.text.encode()
        if self._flags():
            if not needle.isascii():
                return _folded(self.text)
            needle = needle.lower()
            return lambda text: needle in text.lower()
        return lambda text: needle in text


def _folded(text: str) -> Callable[[bytes], object]:
    """Match both cases of letters outside ASCII, which bytes do not know."""
    needle = text.lower()
    return lambda line: needle in line.decode(errors="replace").lower()


EVERYTHING = Filter()


def parse(query: str) -> Filter:
    """Read what is typed into the filter box: `text`, `!text`, `/regex/`, `!/regex/`."""
    inverse = query.startswith("!") and len(query) > 1
    text = query[1:] if inverse else query
    regex = len(text) > 2 and text.startswith("/") and text.endswith("/")
    return Filter(text=text[1:-1] if regex else text, regex=regex, inverse=inverse)
