"""Walking paths inside a container's root, from a descriptor of it: no link and no race leads out.

openat2(2) with RESOLVE_IN_ROOT: absolute links and ".." stay below the root; magic links are refused.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from ..linux.openat2 import RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, openat2
from ..linux.statfs import PROC_SUPER_MAGIC, fstatfs_type

_MAX_LINKS = 40


def open_inside(root: int, path: str, flags: int = os.O_PATH, *, links: bool = True) -> int:
    """Open `path` of the root. OSError ELOOP at a magic link, or at any link without `links`."""
    resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (0 if links else RESOLVE_NO_SYMLINKS)
    return openat2(root, path, flags, resolve=resolve)


def make_directory(
    root: int, path: str, mode: int = 0o755, *, links: bool = True, limit: int = _MAX_LINKS
) -> int:
    """Open the directory `path` (O_PATH), made with its parents where it isn't there.

    A dangling link on the way is followed, and what it names is made, inside the root. `limit` bounds the
    steps.
    """
    try:
        return open_inside(root, path, os.O_PATH | os.O_DIRECTORY, links=links)
    except FileNotFoundError:
        if limit == 0:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path) from None
    head, name = posixpath.split(path.rstrip("/"))
    parent = make_directory(root, head or "/", mode, links=links, limit=limit - 1)
    try:
        if fstatfs_type(parent) == PROC_SUPER_MAGIC:
            # Nothing can be made there, but what is there may come and go, as descriptors do.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        os.mkdir(name, mode, dir_fd=parent)
    except FileExistsError:
        # A link that leads to nothing. What it says is not cleaned: its ".." are the kernel's to follow.
        path = posixpath.join(head, os.readlink(name, dir_fd=parent))
    finally:
        os.close(parent)
    return make_directory(root, path, mode, links=links, limit=limit - 1)


def make_file(root: int, path: str) -> int:
    """Open the file `path` (O_PATH), made empty with its parents where it isn't there."""
    try:
        return open_inside(root, path)
    except FileNotFoundError:
        pass
    parent = make_directory(root, posixpath.dirname(path) or "/")
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        os.close(os.open(posixpath.basename(path), flags, 0o644, dir_fd=parent))
    except FileExistsError:
        pass  # A dangling link: what it names is opened (or missed) below, inside the root.
    finally:
        os.close(parent)
    return open_inside(root, path)


def is_directory(fd: int) -> bool:
    """Tell whether an open descriptor (O_PATH too) is a directory's."""
    return stat.S_ISDIR(os.fstat(fd).st_mode)


def is_device(fd: int, major: int, minor: int) -> bool:
    """Tell whether an open descriptor is that character device's (CVE-2025-31133)."""
    there = os.fstat(fd)
    return stat.S_ISCHR(there.st_mode) and there.st_rdev == os.makedev(major, minor)
