"""Copying a directory's content into a fresh tmpfs (mount option "tmpcopyup"), by descriptors only."""

from __future__ import annotations

import os
import stat

_CHUNK = 1 << 20


def copy_tree(source: int, target: int) -> None:
    """Copy what is in directory `source` to directory `target` (both O_PATH will do), with owner and mode.

    Directories, files and links are copied, other kinds left out. No link is followed.
    """
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=source)
    try:
        there = os.fstat(here)
        os.chown(".", there.st_uid, there.st_gid, dir_fd=target)
        os.chmod(".", stat.S_IMODE(there.st_mode), dir_fd=target)
        for name in os.listdir(here):
            _copy_entry(name, here, target)
    finally:
        os.close(here)


def _copy_entry(name: str, source: int, target: int) -> None:
    there = os.stat(name, dir_fd=source, follow_symlinks=False)
    if stat.S_ISDIR(there.st_mode):
        os.mkdir(name, 0o700, dir_fd=target)
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        inner = os.open(name, flags, dir_fd=source), os.open(name, flags, dir_fd=target)
        try:
            copy_tree(*inner)
        finally:
            for fd in inner:
                os.close(fd)
    elif stat.S_ISLNK(there.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
        os.chown(name, there.st_uid, there.st_gid, dir_fd=target, follow_symlinks=False)
    elif stat.S_ISREG(there.st_mode):
        _copy_file(name, source, target, there)


def _copy_file(name: str, source: int, target: int, there: os.stat_result) -> None:
    reading = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    writing = os.open(name, flags, 0o600, dir_fd=target)
    try:
        while os.sendfile(writing, reading, None, _CHUNK):
            pass
        os.fchown(writing, there.st_uid, there.st_gid)
        os.fchmod(writing, stat.S_IMODE(there.st_mode))
    finally:
        os.close(reading)
        os.close(writing)
