"""Copy what an image has at a volume's place into the volume. Run in a worker, inside the container's root.

The source is resolved by the kernel within that root, and the target only through a descriptor that was
opened outside, so no link of the image leads out (CVE-2018-15664's kind).
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Sequence
from typing import Any

_CHUNK = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_Seen = dict[tuple[int, int], str]


def run(args: dict[str, Any], fds: Sequence[int], report: object) -> dict[str, Any]:
    """Worker: copy the tree at `args["path"]` into the directory `fds[0]`; nothing there is no error."""
    try:
        # Links on the way are the image's own and stay in its root.
        source = os.open(args["path"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return {"copied": 0}
    try:
        copied = _copy_tree(source, fds[0], fds[0], "", {})
        _copy_attributes(source, fds[0])
    finally:
        os.close(source)
    return {"copied": copied}


def _copy_tree(source: int, target: int, top: int, path: str, seen: _Seen) -> int:
    copied = 0
    for entry in os.scandir(source):
        _copy_entry(source, target, top, path, entry.name, seen)
        copied += 1
    return copied


def _copy_entry(source: int, target: int, top: int, path: str, name: str, seen: _Seen) -> None:
    status = os.stat(name, dir_fd=source, follow_symlinks=False)
    inner = f"{path}{name}"
    if stat.S_ISDIR(status.st_mode):
        os.mkdir(name, 0o700, dir_fd=target)
        below, there = os.open(name, _DIRECTORY, dir_fd=source), os.open(name, _DIRECTORY, dir_fd=target)
        try:
            _copy_tree(below, there, top, inner + "/", seen)
            _copy_attributes(below, there)
        finally:
            os.close(below)
            os.close(there)
        return
    identity = (status.st_dev, status.st_ino)
    if status.st_nlink > 1 and identity in seen:
        os.link(seen[identity], name, src_dir_fd=top, dst_dir_fd=target, follow_symlinks=False)
        return
    seen[identity] = inner
    if stat.S_ISREG(status.st_mode):
        _copy_file(source, target, name)
        return
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
    else:
        os.mknod(name, status.st_mode, status.st_rdev, dir_fd=target)
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=target, follow_symlinks=False)


def _copy_file(source: int, target: int, name: str) -> None:
    here = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        there = os.open(name, flags, 0o600, dir_fd=target)
        try:
            while os.sendfile(there, here, None, _CHUNK):
                pass
            _copy_attributes(here, there)
        finally:
            os.close(there)
    finally:
        os.close(here)


def _copy_attributes(source: int, target: int) -> None:
    """Owner before mode, which a change of owner would strip of set-uid; times last."""
    status = os.fstat(source)
    os.fchown(target, status.st_uid, status.st_gid)
    os.fchmod(target, stat.S_IMODE(status.st_mode))
    for attribute in os.listxattr(source):
        # What overlayfs keeps for itself, and what this file system lacks, stays behind.
        if not attribute.startswith("trusted.overlay."):
            with contextlib.suppress(OSError):
                os.setxattr(target, attribute, os.getxattr(source, attribute))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
