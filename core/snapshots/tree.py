"""Whole trees, by descriptors all the way down so that no link leads out: copied, counted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ASIDE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 26

Inode = tuple[int, int]


def usage(path: Path) -> int:
    """Count the bytes of files below `path`, each inode once."""
    total, seen = 0, set[Inode]()
    for _, _, files, directory in os.fwalk(path, follow_symlinks=False):
        for name in files:
            try:
                status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            except FileNotFoundError:
                continue
            inode = (status.st_dev, status.st_ino)
            if stat.S_ISREG(status.st_mode) and (status.st_nlink == 1 or inode not in seen):
                seen.add(inode)
                total += status.st_size
    return total


def copy(
    args: Mapping[str, Any], fds: Sequence[int], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Copy the tree of `fds[0]` into the empty directory `fds[1]`, every attribute kept; in a worker."""
    os.umask(0)
    copied = _Copy(fds[1])
    copied.directory(fds[0], fds[1], b"")
    return {"entries": copied.entries}


class _Copy:
    """Hard links within the tree stay links: inodes with several names are remembered by their first."""

    def __init__(self, target_root: int) -> None:
        self.entries = 0
        self._target_root = target_root
        self._names: dict[Inode, bytes] = {}

    def directory(self, source: int, target: int, prefix: bytes) -> None:
        for text in os.listdir(source):
            name = os.fsencode(text)
            self._entry(source, target, name, prefix + name)
        _attributes(source, target, os.fstat(source))

    def _entry(self, source: int, target: int, name: bytes, path: bytes) -> None:
        self.entries += 1
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            os.mkdir(name, 0o700, dir_fd=target)
            inner, made = os.open(name, _DIRECTORY, dir_fd=source), os.open(name, _DIRECTORY, dir_fd=target)
            try:
                self.directory(inner, made, path + b"/")
            finally:
                os.close(inner)
                os.close(made)
            return
        inode = (status.st_dev, status.st_ino)
        if status.st_nlink > 1 and inode in self._names:
            first = self._names[inode]
            os.link(first, name, src_dir_fd=self._target_root, dst_dir_fd=target, follow_symlinks=False)
            return
        self._names[inode] = path
        if kind == stat.S_IFREG:
            _regular(source, target, name, status)
        else:
            _special(source, target, name, status)


def _regular(source: int, target: int, name: bytes, status: os.stat_result) -> None:
    reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    writer = os.open(name, _ASIDE, 0o600, dir_fd=target)
    try:
        _data(reader, writer, status.st_size)
        _attributes(reader, writer, status)
    finally:
        os.close(reader)
        os.close(writer)


def _data(reader: int, writer: int, size: int) -> None:
    """Copy the parts of a file that hold data; holes stay holes."""
    position = 0
    os.ftruncate(writer, size)
    while position < size:
        try:
            start = os.lseek(reader, position, os.SEEK_DATA)
        except OSError:
            # ENXIO: nothing but a hole is left.
            return
        end = os.lseek(reader, start, os.SEEK_HOLE)
        os.lseek(reader, start, os.SEEK_SET)
        os.lseek(writer, start, os.SEEK_SET)
        left = end - start
        while left and (copied := os.copy_file_range(reader, writer, min(left, _CHUNK))):
            left -= copied
        position = end


def _special(source: int, target: int, name: bytes, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    else:
        os.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=target, follow_symlinks=False)


def _attributes(source: int, target: int, status: os.stat_result) -> None:
    """Owner first: it takes set-user-id bits and capabilities away."""
    os.fchown(target, status.st_uid, status.st_gid)
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(source):
        os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
