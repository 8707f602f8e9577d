"""Reading and writing the small files of cgroup directories."""

from __future__ import annotations

import os
from collections.abc import Iterator


def write(directory: str, name: str, value: str) -> None:
    """Write one value. Raises OSError with the file's path."""
    path = f"{directory}/{name}"
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, value.encode())
    except OSError as err:
        err.filename = path
        raise
    finally:
        os.close(fd)


def read(directory: str, name: str) -> str:
    """Read a file whole, without the last newline."""
    fd = os.open(f"{directory}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        chunks = []
        while chunk := os.read(fd, 65536):
            chunks.append(chunk)
    finally:
        os.close(fd)
    return b"".join(chunks).decode().rstrip("\n")


def read_or(directory: str, name: str, default: str) -> str:
    """Read a file, or give `default` when this kernel or hierarchy has none."""
    if not directory:
        return default
    try:
        return read(directory, name)
    except FileNotFoundError:
        return default


def number(directory: str, name: str) -> int:
    """Read one number; 0 for "max", an absent file, and v1's "without limit" (near 2^63)."""
    text = read_or(directory, name, "0").strip()
    value = 0 if text in ("max", "") else int(text)
    return 0 if value >= 2**62 else value


def table(directory: str, name: str) -> dict[str, int]:
    """Read a flat keyed file ("key value" lines)."""
    pairs = (line.split() for line in read_or(directory, name, "").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def below(directory: str) -> Iterator[str]:
    """Give the directory and all groups below it, the deepest first; nothing when it is gone."""
    try:
        names = [entry.path for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    for name in names:
        yield from below(name)
    yield directory
