"""What a container changed: its tree compared with those below it, and packed as a layer. Runs in workers.

Trees are walked by descriptors that follow no link, so a container that changes its tree meanwhile leads
nowhere else. The kinds are Docker's: a directory has changed when something in it did, or its own owner or
mode; a file when its owner, mode, size or time did. Overlayfs's own marks: filesystems/overlayfs.rst.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..images import tar
from ..images.pack import Packer, Writer, header

CHANGED, ADDED, DELETED = 0, 1, 2
_OPAQUE = "trusted.overlay.opaque"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# What every start makes in a container's root to mount on; dockerd has it in a layer that counts as below.
OURS = frozenset(
    b"/.dockerenv /dev /dev/console /dev/mqueue /dev/pts /dev/shm /proc /sys "
    b"/etc/hostname /etc/hosts /etc/mtab /etc/resolv.conf".split()
)


def compare(args: Mapping[str, Any], fds: Sequence[int], report: Callable[[Any], None]) -> dict[str, Any]:
    """Return {"changes": [(path, kind)]} in order of path.

    `args`: "tree" (a directory), "below" (directories, topmost first), "whole" (the tree has everything: what
    it lacks was deleted; else deletions are overlayfs's marks).
    """
    return {"changes": _differences(args)}


def layer(args: Mapping[str, Any], fds: Sequence[int], report: Callable[[Any], None]) -> dict[str, Any]:
    """Write differences as a layer's tar to `fds[0]`; the tree is the root directory.

    `args`: "changes", as `compare` returns them. Returns {"diff_id", "size"}.
    """
    writer = Writer(fds[0])
    packer = Packer(writer)
    for path, kind in args["changes"]:
        name = path[1:]
        if kind == DELETED:
            parent, slash, base = name.rpartition(b"/")
            mark = parent + slash + b".wh." + base
            writer.write(header(tar.Entry(mark, tar.REGULAR, 0, 0, 0, 0, 0, 0)))
        else:
            packer.add(path, name)
    return writer.finish()


def _differences(args: Mapping[str, Any]) -> list[tuple[bytes, int]]:
    with contextlib.ExitStack() as stack:
        tree = _opened(stack, args["tree"], None)
        below = [_opened(stack, path, None) for path in args["below"]]
        walk = _Walk()
        walk.directory(b"", tree, below, args["whole"])
    return sorted(walk.changes)


def _opened(stack: contextlib.ExitStack, name: bytes | str, directory: int | None) -> int:
    # Only the names of whole trees, which are ours, may be links.
    flags = _OPEN if directory is not None else _OPEN & ~os.O_NOFOLLOW
    descriptor = os.open(name, flags, dir_fd=directory)
    stack.callback(os.close, descriptor)
    return descriptor


@dataclass
class _Walk:
    changes: list[tuple[bytes, int]] = field(default_factory=list)

    def directory(self, path: bytes, tree: int, below: Sequence[int], whole: bool) -> bool:
        """Compare one directory; `below` are what it hides or merges with. True when something differs."""
        before = len(self.changes)
        names = sorted(os.fsencode(name) for name in os.listdir(tree))
        for name in names:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                self._entry(path + b"/" + name, name, tree, below, whole)
        if whole:
            for name in sorted(_names(below) - set(names)):
                self.changes.append((path + b"/" + name, DELETED))
        return len(self.changes) > before

    def _entry(self, path: bytes, name: bytes, tree: int, below: Sequence[int], whole: bool) -> None:
        status = os.stat(name, dir_fd=tree, follow_symlinks=False)
        old = _find(name, below)
        if _is_whiteout(status) and not whole:
            if old is not None:
                self.changes.append((path, DELETED))
            return
        if not stat.S_ISDIR(status.st_mode):
            self._file(path, status, old)
            return
        with contextlib.ExitStack() as stack:
            inner = _opened(stack, name, tree)
            merged = [_opened(stack, name, one) for one in _directories(name, below)]
            hides = _is_opaque(inner) or old is None or not stat.S_ISDIR(old.st_mode)
            differs = self.directory(path, inner, merged, whole or (hides and bool(merged)))
        if old is None:
            if path not in OURS and (differs or not self._only_ours(path, tree, name)):
                self.changes.append((path, ADDED))
        elif differs or not _same(old, status):
            self.changes.append((path, CHANGED))

    def _file(self, path: bytes, status: os.stat_result, old: os.stat_result | None) -> None:
        if old is None:
            if not (path in OURS and (status.st_size == 0 or stat.S_ISLNK(status.st_mode))):
                self.changes.append((path, ADDED))
        elif not _same(old, status):
            self.changes.append((path, CHANGED))

    def _only_ours(self, path: bytes, tree: int, name: bytes) -> bool:
        """Tell whether a new directory holds nothing but what is made at every start."""
        with contextlib.ExitStack() as stack:
            inner = [os.fsencode(one) for one in os.listdir(_opened(stack, name, tree))]
        return bool(inner) and all(path + b"/" + one in OURS for one in inner)


def _names(below: Sequence[int]) -> set[bytes]:
    """Return the names of merged directories, topmost first, that are not whited out."""
    seen: dict[bytes, bool] = {}
    for directory in below:
        for name in os.listdir(directory):
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            seen.setdefault(os.fsencode(name), not _is_whiteout(status))
    return {name for name, there in seen.items() if there}


def _find(name: bytes, below: Sequence[int]) -> os.stat_result | None:
    """Return what merged directories have at a name."""
    for directory in below:
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            continue
        return None if _is_whiteout(status) else status
    return None


def _directories(name: bytes, below: Sequence[int]) -> Iterator[int]:
    """Yield those of merged directories whose own directory of this name is merged."""
    for directory in below:
        try:
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(status.st_mode):
            return
        yield directory
        inner = os.open(name, _OPEN, dir_fd=directory)
        try:
            if _is_opaque(inner):
                return
        finally:
            os.close(inner)


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def _is_opaque(directory: int) -> bool:
    try:
        return os.getxattr(directory, _OPAQUE) == b"y"
    except OSError:
        return False


def _same(old: os.stat_result, new: os.stat_result) -> bool:
    if (old.st_mode, old.st_uid, old.st_gid, old.st_rdev) != (
        new.st_mode,
        new.st_uid,
        new.st_gid,
        new.st_rdev,
    ):
        return False
    return stat.S_ISDIR(new.st_mode) or (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns)
