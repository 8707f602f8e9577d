"""Tar archives, written: ustar headers, pax where they don't do; trees and layers in a stable order.

The same tree gives the same bytes. `pack` runs in a worker whose root directory is the tree.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import Invalid
from . import tar
from .stream import CHUNK, sha256

_OCTAL_11 = 8**11
_OCTAL_7 = 8**7
_NANO = 1_000_000_000
_OPAQUE = b"trusted.overlay.opaque"
_PRIVATE = (b"trusted.overlay.", b"user.overlay.")
_KEPT_NAMESPACES = (b"user.", b"trusted.", b"security.capability", b"system.posix_acl_")
_KINDS = {
    stat.S_IFREG: tar.REGULAR,
    stat.S_IFDIR: tar.DIRECTORY,
    stat.S_IFLNK: tar.SYMLINK,
    stat.S_IFCHR: tar.CHARACTER,
    stat.S_IFBLK: tar.BLOCK_DEVICE,
    stat.S_IFIFO: tar.FIFO,
}
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# What opening a file says when it has become a link, a device of a tree without devices, a socket.
_EXCHANGED = (errno.ELOOP, errno.EACCES, errno.ENXIO)
# What reading a link or an attribute says when the entry went, or became another, since it was looked at.
_VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENODATA)
END = bytes(2 * tar.BLOCK)


def header(entry: tar.Entry) -> bytes:
    """Return the blocks before an entry's content: an extended header if needed, then ustar's."""
    pax: dict[bytes, bytes] = {}
    if len(entry.name) > 100:
        pax[b"path"] = entry.name
    if len(entry.link) > 100:
        pax[b"linkpath"] = entry.link
    for key, number, bound in (
        (b"uid", entry.uid, _OCTAL_7),
        (b"gid", entry.gid, _OCTAL_7),
        (b"size", entry.stored, _OCTAL_11),
    ):
        if number >= bound:
            pax[key] = b"%d" % number
    seconds, rest = divmod(entry.mtime, _NANO)
    if rest or not 0 <= seconds < _OCTAL_11:
        pax[b"mtime"] = _time(entry.mtime)
    for name, value in sorted(entry.xattrs.items()):
        pax[b"SCHILY.xattr." + name] = value
    block = _ustar(entry, 0 if b"mtime" in pax and not 0 <= seconds < _OCTAL_11 else seconds)
    return _extended(pax) + block if pax else block


def _time(nanoseconds: int) -> bytes:
    sign, value = (b"-", -nanoseconds) if nanoseconds < 0 else (b"", nanoseconds)
    seconds, rest = divmod(value, _NANO)
    return sign + (b"%d.%09d" % (seconds, rest)).rstrip(b"0").rstrip(b".")


def _extended(records: Mapping[bytes, bytes]) -> bytes:
    data = b"".join(_record(key, value) for key, value in records.items())
    about = tar.Entry(b"PaxHeaders/entry", b"x", 0o644, 0, 0, len(data), len(data), 0)
    return _ustar(about, 0) + padded(data)


def _record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    digits = len(str(length))
    while len(str(length + digits)) > digits:
        digits += 1
    return b"%d %b=%b\n" % (length + digits, key, value)


def _ustar(entry: tar.Entry, seconds: int) -> bytes:
    device = entry.kind in (tar.CHARACTER, tar.BLOCK_DEVICE)
    fields = (
        entry.name[:100].ljust(100, b"\0"),
        b"%07o\0" % entry.mode,
        b"%07o\0" % (entry.uid if entry.uid < _OCTAL_7 else 0),
        b"%07o\0" % (entry.gid if entry.gid < _OCTAL_7 else 0),
        b"%011o\0" % (entry.stored if entry.stored < _OCTAL_11 else 0),
        b"%011o\0" % seconds,
        b"        ",
        entry.kind,
        entry.link[:100].ljust(100, b"\0"),
        b"ustar\x0000",
        bytes(64),
        b"%07o\0" % entry.major if device else bytes(8),
        b"%07o\0" % entry.minor if device else bytes(8),
        bytes(167),
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % tar.BLOCK)


def plain_file(name: str, size: int) -> bytes:
    """Return the header of a file of ours in an archive: root's, mode 0644, at the epoch."""
    return header(tar.Entry(name.encode(), tar.REGULAR, 0o644, 0, 0, size, size, 0))


def plain_directory(name: str) -> bytes:
    return header(tar.Entry(name.encode() + b"/", tar.DIRECTORY, 0o755, 0, 0, 0, 0, 0))


def pack(
    args: Mapping[str, Any], fds: Sequence[int], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Write the tree at "/" as a tar to `fds[0]`.

    `args`: "layer" (bool: overlayfs's whiteouts become a layer's, and the root directory itself is left
    out). Returns {"diff_id", "size"} of the archive.
    """
    writer = Writer(fds[0])
    Packer(writer, bool(args.get("layer"))).run()
    return writer.finish()


class Writer:
    """Gathers small writes; counts and digests all."""

    def __init__(self, descriptor: int) -> None:
        self.hasher = hashlib.sha256()
        self.size = 0
        self._descriptor = descriptor
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        self._waiting += data
        if len(self._waiting) >= CHUNK:
            self.flush()

    def finish(self) -> dict[str, Any]:
        """Write the archive's end; returns {"diff_id", "size"} of the whole."""
        self.write(END)
        self.flush()
        return {"diff_id": sha256(self.hasher), "size": self.size}

    def flush(self) -> None:
        data = bytes(self._waiting)
        self._waiting.clear()
        self.hasher.update(data)
        self.size += len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class Packer:
    """Writes what it finds, a tree at a time. What is gone when its turn comes was never there."""

    def __init__(self, writer: Writer, layer: bool = False) -> None:
        self._writer = writer
        self._layer = layer
        self._names: dict[tuple[int, int], bytes] = {}

    def run(self) -> None:
        """Write all below "/"; the root directory too unless a layer is made."""
        if not self._layer:
            self.add(b"/", b"./")
        self.below(b"", b"")

    def tree(self, path: bytes, name: bytes) -> None:
        """Write what is at `path` and all below it, named `name` in the archive."""
        if self.add(path, name):
            self.below(path.rstrip(b"/"), name.rstrip(b"/") + b"/")

    def below(self, top: bytes, prefix: bytes) -> None:
        """Write all below the directory `top`, each name with `prefix` before it."""
        # A directory's content follows it at once: GNU tar sets its times when it sees the next stranger.
        pending = [iter(_listing(top))]
        while pending:
            path = next(pending[-1], None)
            if path is None:
                pending.pop()
            elif self.add(path, prefix + path[len(top) + 1 :]):
                pending.append(iter(_listing(path)))

    def add(self, path: bytes, name: bytes) -> bool:
        """Write one entry; tells whether it is a directory, to be gone into."""
        descriptor = -1
        try:
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                descriptor = os.open(path, _READ)
                status = os.fstat(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as err:
            if err.errno in _EXCHANGED:
                return False
            raise
        try:
            return self._write(path, name, status, descriptor)
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _write(self, path: bytes, name: bytes, status: os.stat_result, descriptor: int) -> bool:
        kind = _KINDS.get(stat.S_IFMT(status.st_mode))
        if kind is None or (kind == tar.REGULAR) != (descriptor >= 0):
            # A socket, which no archive can hold, or a file that was exchanged for something else.
            return False
        if self._layer and kind == tar.CHARACTER and status.st_rdev == 0:
            parent, slash, base = name.rpartition(b"/")
            self.write_mark(parent + slash + b".wh." + base)
            return False
        try:
            entry = self._entry(path, name, kind, status)
        except OSError as err:
            if err.errno in _VANISHED:
                return False
            raise
        opaque = entry.xattrs.pop(_OPAQUE, b"") == b"y"
        entry.xattrs = {key: value for key, value in entry.xattrs.items() if not key.startswith(_PRIVATE)}
        self._writer.write(header(entry))
        if entry.kind == tar.REGULAR:
            self._content(descriptor, entry.stored)
        if opaque and self._layer:
            self.write_mark(name + b"/.wh..wh..opq")
        return kind == tar.DIRECTORY

    def write_mark(self, name: bytes) -> None:
        self._writer.write(header(tar.Entry(name, tar.REGULAR, 0, 0, 0, 0, 0, 0)))

    def _entry(self, path: bytes, name: bytes, kind: bytes, status: os.stat_result) -> tar.Entry:
        link, stored = b"", 0
        inode = (status.st_dev, status.st_ino)
        if kind != tar.DIRECTORY and status.st_nlink > 1 and inode in self._names:
            kind, link = tar.LINK, self._names[inode]
        elif kind == tar.SYMLINK:
            link = os.readlink(path)
        elif kind == tar.REGULAR:
            stored = status.st_size
        if status.st_nlink > 1:
            self._names.setdefault(inode, name)
        if kind == tar.DIRECTORY and not name.endswith(b"/"):
            name += b"/"
        return tar.Entry(
            name=name,
            kind=kind,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            size=stored,
            stored=stored,
            mtime=status.st_mtime_ns,
            link=link,
            major=os.major(status.st_rdev),
            minor=os.minor(status.st_rdev),
            xattrs=_xattrs(path) if kind != tar.LINK else {},
        )

    def _content(self, descriptor: int, size: int) -> None:
        """Write exactly `size` bytes: a file that changes meanwhile is cut, or filled with zeros."""
        left = size
        while left and (chunk := os.read(descriptor, min(left, CHUNK))):
            self._writer.write(chunk)
            left -= len(chunk)
        while left:
            self._writer.write(bytes(min(left, CHUNK)))
            left -= min(left, CHUNK)
        self._writer.write(bytes(-size % tar.BLOCK))


def _listing(directory: bytes) -> list[bytes]:
    try:
        return [directory + b"/" + name for name in sorted(os.listdir(directory + b"/"))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _xattrs(path: bytes) -> dict[bytes, bytes]:
    try:
        names = [os.fsencode(name) for name in os.listxattr(path, follow_symlinks=False)]
    except OSError:
        return {}
    kept = [name for name in names if name.startswith(_KEPT_NAMESPACES)]
    if any(b"=" in name for name in kept):
        raise Invalid(f"extended attribute with a '=' in its name at {tar.shown(path)}")
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in kept}
