"""A log reduced to the lines that pass a filter: what a search across many containers reads."""

from __future__ import annotations

from contextlib import aclosing

from . import stamp
from .filter import Filter
from .runs import Runs
from .source import Chunks, LogSource
from .store import Batch

_CARRY_MOST = 1 << 20


class Grep:
    """The lines of `of` that pass `query`, from `begin` (ns) on, as a LogSource; `leads` back to `of`."""

    def __init__(self, of: LogSource, query: Filter, begin: int) -> None:
        self.leads = of
        self.name = of.name
        self.color = of.color
        self._query = query
        self._begin = begin
        self._carry: dict[int, bytes] = {}

    async def open(self, *, since: int | None = None, tail: int | None = None) -> Chunks:
        """Follow; what was logged from the beginning is read whole, `tail` would count other lines."""
        begin = max(since or 0, self._begin)
        self._carry.clear()
        async with aclosing(self.leads.open(since=begin)) as chunks:
            async for stream, data in chunks:
                if kept := self._kept(stream, data):
                    yield stream, kept

    async def older(self, *, since: int, until: int) -> Chunks:
        """Nothing: all that is wanted is read at first."""
        return
        yield 1, b""

    async def runs(self) -> Runs:
        return Runs()

    def _kept(self, stream: int, data: bytes) -> bytes:
        data = self._carry.pop(stream, b"") + data
        end = data.rfind(b"\n") + 1
        if end < len(data) and len(data) - end < _CARRY_MOST:
            self._carry[stream] = data[end:]
        whole = data[:end]
        if not self._query.may_match(whole):
            return b""
        lines = whole.split(b"\n")[:-1]
        pairs = [stamp.split(line) for line in lines]
        batch = Batch(0, [text for _, text in pairs], bytes((stream,)) * len(lines), [at for at, _ in pairs])
        return b"".join(lines[index] + b"\n" for index in self._query.select(batch))
