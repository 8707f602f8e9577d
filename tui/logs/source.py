"""Where a log comes from, and the reader that keeps a store fed from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class LogSource(Protocol):
    """A container's log, or anything else that yields stamped lines in chunks."""

    name: str
    color: str

    def open(self, *, since: int | None = None, tail: int | None = None) -> AsyncIterator[tuple[int, bytes]]:
        """Follow the log: (1 stdout or 2 stderr, bytes) with Docker's timestamps, from `since` (ns) on."""
        ...

    def older(self, *, until: int, since: int) -> AsyncIterator[tuple[int, bytes]]:
        """Read what was logged from `since` to `until` (both ns, inclusive), then end."""
        ...
