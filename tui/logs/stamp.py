"""Docker's timestamp before a log line (`timestamps=1`): RFC 3339 with nanoseconds, then a space."""

from __future__ import annotations

import re
from calendar import timegm
from functools import lru_cache

NONE = 0
"""The stamp of a line that came without one."""

# Docker pads to nine digits and writes Z; podman writes what is there, and the local offset.
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")
_PART = 16384


@lru_cache(maxsize=512)
def _second(text: bytes) -> int | None:
    year, month, day, hour, minute, second = (
        int(text[start:stop]) for start, stop in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
    )
    if not (1 <= month <= 12 and 1 <= day <= 31 and year > 0):
        return None
    return timegm((year, month, day, hour, minute, second)) * 1_000_000_000


def split(line: bytes) -> tuple[int, bytes]:
    """Return (ns since the epoch, rest of the line); (NONE, line) when no stamp leads it."""
    # Docker's own shape by its fixed places, which costs a third of the expression below.
    if line[19:20] == b"." and line[29:31] == b"Z " and line[10:11] == b"T":
        nanos = line[20:29]
        if nanos.isdigit():
            try:
                second = _second(line[:19])
            except ValueError:
                return NONE, line
            if second is not None:
                return second + int(nanos), line[31:] if len(line) < _PART else _join(line[31:])
    return _split_any(line)


def _split_any(line: bytes) -> tuple[int, bytes]:
    found = _STAMP.match(line)
    if found is None:
        return NONE, line
    second = _second(found[1])
    if second is None:
        return NONE, line
    offset = 0
    if found[3] != b"Z":
        offset = (int(found[3][1:3]) * 60 + int(found[3][4:6])) * 60_000_000_000
        offset = -offset if found[3][:1] == b"-" else offset
    nanos = int((found[2] or b"0").ljust(9, b"0"))
    return second + nanos - offset, _join(line[found.end() :])


def _join(text: bytes) -> bytes:
    """Take out the stamps inside a long line: Docker logs it in parts of 16 KiB and stamps each."""
    if len(text) <= _PART:
        return text
    parts = []
    start = 0
    while found := _STAMP.search(text, start + _PART):
        parts.append(text[start : found.start()])
        start = found.end()
    parts.append(text[start:])
    return b"".join(parts)
