"""The files of a rotated log: opened oldest first, and where the last N lines begin.

Blocking, on files of our own: reads of the page cache. Rotation renames `log` to `log.1`, `log.1` to `log.2`
and so on, and makes a new `log`; a file is known by its inode throughout.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from .entry import ends_line

BLOCK = 1 << 18
# Rotations that may happen while the names are gone through.
_MARGIN = 4


@dataclass(slots=True)
class LogFile:
    """An open log file and how far it has been read. Whoever holds it closes it."""

    descriptor: int
    inode: int
    position: int = 0

    def close(self) -> None:
        os.close(self.descriptor)

    def read(self, size: int = BLOCK) -> bytes:
        """Return what follows, b"" at the end; a file that was truncated is read from its start."""
        data = os.pread(self.descriptor, size, self.position)
        if not data and os.fstat(self.descriptor).st_size < self.position:
            self.position = 0
            data = os.pread(self.descriptor, size, 0)
        self.position += len(data)
        return data


def open_file(path: str) -> LogFile | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    return LogFile(descriptor, os.fstat(descriptor).st_ino)


def open_all(path: str) -> list[LogFile]:
    """Open all files, the oldest first.

    They are opened newest first: a rotation meanwhile shows a file twice, which is noticed, and hides none.
    """
    found: list[LogFile] = []
    for name in _names(path):
        file = open_file(name)
        if file is None:
            continue
        if any(other.inode == file.inode for other in found):
            file.close()
        else:
            found.append(file)
    return found[::-1]


def _names(path: str) -> Iterator[str]:
    """Give every name that a file of the log may have now, the newest first.

    A rotation renames from the highest number down, so that a name in between is missing for a moment, and a
    file can only move on to a name that is still to come.
    """
    directory, base = os.path.split(path)
    numbers = [name[len(base) + 1 :] for name in os.listdir(directory) if name.startswith(base + ".")]
    highest = max((int(number) for number in numbers if number.isdecimal()), default=0)
    yield path
    for number in range(1, highest + _MARGIN):
        yield f"{path}.{number}"


def open_tail(path: str, lines: int) -> list[LogFile]:
    """Open the files that hold the last `lines` lines, oldest first, positioned at the first of them."""
    files = open_all(path)
    wanted = lines
    for index in range(len(files) - 1, -1, -1):
        file = files[index]
        file.position, wanted = _seek_back(file.descriptor, wanted)
        if not wanted:
            for older in files[:index]:
                older.close()
            return files[index:]
    return files


def _seek_back(descriptor: int, wanted: int) -> tuple[int, int]:
    """Find where the last `wanted` lines of one file begin; returns the offset and how many are missing.

    A piece that does not complete a line belongs to the line of the record after it.
    """
    start = end = _last_record_end(descriptor)
    found = 0
    for at, record in _backwards(descriptor, end):
        if ends_line(record) or start == end:
            if found == wanted:
                return start, 0
            found += 1
        start = at
    return 0, wanted - found


def _backwards(descriptor: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Give each record that lies before `end` with its offset, the last first."""
    if not end:
        return
    # Without the last newline, newlines only stand between records.
    position, carry = end - 1, b""
    while position > 0:
        size = min(BLOCK, position)
        position -= size
        block = os.pread(descriptor, size, position) + carry
        carry, *records = block.split(b"\n")
        at = position + len(block)
        for record in reversed(records):
            at -= len(record)
            yield at, record
            at -= 1
    yield 0, carry


def _last_record_end(descriptor: int) -> int:
    """Return the offset behind the last whole record."""
    position = os.fstat(descriptor).st_size
    while position > 0:
        size = min(BLOCK, position)
        block = os.pread(descriptor, size, position - size)
        newline = block.rfind(b"\n")
        if newline >= 0:
            return position - size + newline + 1
        position -= size
    return 0


def newer_than(path: str, inode: int) -> LogFile | None:
    """Open the file that came after the one with this inode; None when that is still the current one.

    When it has been rotated away, the oldest one left follows.
    """
    while True:
        before = _place_of(path, inode)
        if before == 0:
            return None
        if before is None:
            files = open_all(path)
            for file in files[1:]:
                file.close()
            return files[0] if files else None
        newer = open_file(f"{path}.{before - 1}" if before > 1 else path)
        # Only when it stayed in its place is the neighbour the next one.
        if _place_of(path, inode) == before:
            return newer
        if newer is not None:
            newer.close()


def _place_of(path: str, inode: int) -> int | None:
    for number, name in enumerate(_names(path)):
        try:
            if os.stat(name).st_ino == inode:
                return number
        except FileNotFoundError:
            continue
    return None
