"""A layer's tar into a tree: runs in a worker whose root directory is the tree.

Every path is opened from "/", which is why a crafted name or link stays inside: the kernel's root is the only
guard that also holds for links made by the archive itself. Whiteouts as in the OCI image specification
(layer.md, "Whiteouts"): to overlayfs's own form, or carried out on a copy of the layers below.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import Internal, Invalid, NoSpace, PydockError
from . import tar
from .stream import ReadAhead, Source, decompress, file_chunks, hashed, sha256

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_AUFS = b".wh..wh."
_OVERLAY_OPAQUE = "trusted.overlay.opaque"
_PRIVATE_XATTRS = (b"trusted.overlay.", b"user.overlay.")
_IGNORED = (errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.EINVAL)
_REPORT_BYTES = 4 << 20
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NODES = {tar.CHARACTER: stat.S_IFCHR, tar.BLOCK_DEVICE: stat.S_IFBLK, tar.FIFO: stat.S_IFIFO}

Whiteouts = Literal["overlay", "remove", "keep"]
Report = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one layer; see `config.Limits`."""

    layer_bytes: int
    layer_entries: int
    path_depth: int


def extract(args: Mapping[str, Any], fds: Sequence[int], report: Report) -> dict[str, Any]:
    """Unpack the layer read from `fds[0]` into "/".

    `args`: "diff_id" (digest of the uncompressed stream to check, or ""), "whiteouts", "limits" (fields of
    Limits). Reports {"current": bytes read from the descriptor}. Returns {"diff_id", "size" (bytes of file
    content), "entries"}. Raises Invalid for a bad archive, NoSpace.
    """
    limits = Limits(**args["limits"])
    os.umask(0)
    hasher = hashlib.sha256()
    with ReadAhead(hashed(decompress(file_chunks(fds[0])), hasher)) as chunks:
        source = Source(chunks, limits.layer_bytes)
        extractor = Extractor(limits, args["whiteouts"])
        _run(extractor, source, lambda: report({"current": os.lseek(fds[0], 0, os.SEEK_CUR)}))
    diff_id = sha256(hasher)
    if args.get("diff_id") and args["diff_id"] != diff_id:
        raise Invalid(f"layer is not what its image says: digest {diff_id}, expected {args['diff_id']}")
    return {"diff_id": diff_id, "size": extractor.size, "entries": extractor.entries}


def _run(extractor: Extractor, source: Source, report: Callable[[], None]) -> None:
    name, told = b"", 0
    try:
        for entry in tar.entries(source):
            name = entry.name
            extractor.add(entry, source)
            if source.position - told >= _REPORT_BYTES:
                told = source.position
                report()
        source.finish()
        name = b""
        extractor.finish()
    except OSError as err:
        raise _told(err, name) from err


def _told(err: OSError, name: bytes) -> PydockError:
    about = f" at {tar.shown(name)}" if name else ""
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(f"no space left on device: unpacking a layer{about}")
    if err.errno in (errno.EIO, errno.EROFS, errno.EMFILE, errno.ENOMEM):
        return Internal(f"unpacking a layer{about}: {err.strerror}")
    return Invalid(f"layer can't be unpacked{about}: {err.strerror}")


class Extractor:
    """Makes entries below "/" one after the other; `finish` sets what must come last."""

    def __init__(self, limits: Limits, whiteouts: Whiteouts) -> None:
        self.size = 0
        self.entries = 0
        self._limits = limits
        self._whiteouts = whiteouts
        self._directory_times: dict[bytes, int] = {}
        # Overlay: paths that this layer has whited out. Remove: paths that this layer has made.
        self._whited: set[bytes] = set()
        self._made: set[bytes] = set()

    def add(self, entry: tar.Entry, source: Source) -> None:
        self.entries += 1
        if self.entries > self._limits.layer_entries:
            raise Invalid(f"layer has more than {self._limits.layer_entries} entries (limit layer_entries)")
        path = self._path(entry.name)
        parent, _, base = path.rpartition(b"/")
        if base.startswith(_WHITEOUT) and self._whiteouts != "keep":
            self._whiteout(parent, base)
            return
        if self._whiteouts == "remove":
            self._remember(path)
        try:
            self._make(entry, path, source)
        except (FileNotFoundError, NotADirectoryError):
            if entry.kind == tar.LINK and os.path.lexists(parent or b"/"):
                raise Invalid(
                    f"hard link {tar.shown(entry.name)} to {tar.shown(entry.link)}: no such file in the layer"
                ) from None
            self._make_parents(parent)
            self._make(entry, path, source)

    def finish(self) -> None:
        for path, mtime in self._directory_times.items():
            try:
                os.utime(path, ns=(mtime, mtime), follow_symlinks=False)
            except FileNotFoundError:
                continue

    def _path(self, name: bytes) -> bytes:
        """Return the absolute path of an entry; raises Invalid for "..", as Docker does."""
        parts = [part for part in name.split(b"/") if part not in (b"", b".")]
        if b".." in parts:
            raise Invalid(f"tar entry climbs out of its layer: {tar.shown(name)}")
        if len(parts) > self._limits.path_depth:
            raise Invalid(f"tar entry deeper than {self._limits.path_depth} directories (limit path_depth)")
        return b"/" + b"/".join(parts)

    def _make_parents(self, parent: bytes) -> None:
        path = b""
        for part in parent.split(b"/")[1:]:
            path += b"/" + part
            try:
                os.mkdir(path, 0o755)
            except FileExistsError:
                if path not in self._whited or _is_directory(path):
                    continue
                os.unlink(path)
                os.mkdir(path, 0o755)
            self._opened(path)

    def _make(self, entry: tar.Entry, path: bytes, source: Source) -> None:
        if entry.kind == tar.REGULAR:
            self._regular(entry, path, source)
        elif entry.kind == tar.DIRECTORY:
            self._directory(entry, path)
        elif entry.kind == tar.SYMLINK:
            self._replacing(path, lambda: os.symlink(entry.link, path))
            os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
            self._finish_node(entry, path)
        elif entry.kind == tar.LINK:
            target = self._path(entry.link)
            if target != path:
                self._replacing(path, lambda: os.link(target, path, follow_symlinks=False))
        else:
            mode = _NODES[entry.kind] | entry.mode
            device = os.makedev(entry.major, entry.minor)
            self._replacing(path, lambda: os.mknod(path, mode, device))
            os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
            if entry.mode & 0o7000:
                os.chmod(path, entry.mode)
            self._finish_node(entry, path)

    def _regular(self, entry: tar.Entry, path: bytes, source: Source) -> None:
        try:
            descriptor = os.open(path, _CREATE, entry.mode & 0o777)
        except FileExistsError:
            self._clear(path)
            descriptor = os.open(path, _CREATE, entry.mode & 0o777)
        try:
            if entry.segments is not None:
                _write_sparse(descriptor, entry, source, self._limits.layer_bytes)
            elif entry.stored:
                source.drain(entry.stored, lambda data: _write_all(descriptor, data))
            self.size += entry.stored
            os.fchown(descriptor, entry.uid, entry.gid)
            if entry.mode & 0o7000:
                os.fchmod(descriptor, entry.mode)
            if entry.xattrs:
                _set_xattrs(descriptor, entry.xattrs)
            os.utime(descriptor, ns=(entry.mtime, entry.mtime))
        finally:
            os.close(descriptor)

    def _directory(self, entry: tar.Entry, path: bytes) -> None:
        try:
            os.mkdir(path, 0o700)
            self._opened(path)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                self._clear(path)
                os.mkdir(path, 0o700)
                self._opened(path)
        os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
        os.chmod(path, entry.mode)
        if entry.xattrs:
            _set_xattrs(path, entry.xattrs)
        self._directory_times[path] = entry.mtime

    def _finish_node(self, entry: tar.Entry, path: bytes) -> None:
        if entry.xattrs:
            _set_xattrs(path, entry.xattrs)
        os.utime(path, ns=(entry.mtime, entry.mtime), follow_symlinks=False)

    def _replacing(self, path: bytes, make: Callable[[], None]) -> None:
        try:
            make()
        except FileExistsError:
            self._clear(path)
            make()

    def _clear(self, path: bytes) -> None:
        """Remove what an earlier entry, or a layer below, has left at a path."""
        if path == b"/":
            raise Invalid("tar entry replaces the layer's root directory")
        remove(path)

    def _opened(self, path: bytes) -> None:
        """A new directory where this layer whited something out hides all that lies below it."""
        if path in self._whited:
            self._hide(path)

    def _hide(self, path: bytes) -> None:
        os.setxattr(path, _OVERLAY_OPAQUE, b"y", follow_symlinks=False)

    def _whiteout(self, parent: bytes, base: bytes) -> None:
        if base == _OPAQUE:
            self._opaque(parent)
        elif not base.startswith(_AUFS):
            name = base[len(_WHITEOUT) :]
            if name in (b"", b".", b".."):
                raise Invalid(f"malformed whiteout {tar.shown(parent + b'/' + base)}")
            self._white_out(parent, parent + b"/" + name)

    def _opaque(self, directory: bytes) -> None:
        if self._whiteouts == "overlay":
            self._make_parents(directory)
            self._hide(directory or b"/")
            return
        if not _is_directory(directory or b"/"):
            return
        for name in os.listdir(directory or b"/"):
            self._remove_below(directory + b"/" + name)

    def _remove_below(self, path: bytes) -> None:
        """Remove what the layers below have left at a path, keeping what this layer made there."""
        if path not in self._made:
            remove(path)
        elif _is_directory(path):
            for name in os.listdir(path):
                self._remove_below(path + b"/" + name)

    def _white_out(self, parent: bytes, path: bytes) -> None:
        if self._whiteouts == "remove":
            self._remove_below(path)
            return
        self._make_parents(parent)
        self._whited.add(path)
        try:
            os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
        except FileExistsError:
            # A whiteout speaks of the layers below only: what this layer made stays, and hides them.
            if _is_directory(path):
                self._hide(path)

    def _remember(self, path: bytes) -> None:
        while path and path not in self._made:
            self._made.add(path)
            path = path.rpartition(b"/")[0]


def _is_directory(path: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def remove(path: bytes) -> None:
    """Remove a file or a tree without recursion in Python's stack; absent is fine."""
    try:
        os.unlink(path)
        return
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        pass
    pending = [path]
    while pending:
        directory = pending[-1]
        inner = []
        with os.scandir(directory) as listing:
            for item in listing:
                if item.is_dir(follow_symlinks=False):
                    inner.append(item.path)
                else:
                    os.unlink(item.path)
        if inner:
            pending += inner
        else:
            os.rmdir(pending.pop())


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        written = os.write(descriptor, data)
        data = data[written:]


def _write_sparse(descriptor: int, entry: tar.Entry, source: Source, limit: int) -> None:
    if entry.size > limit:
        raise Invalid(f"sparse file {tar.shown(entry.name)} of {entry.size} bytes (limit layer_bytes)")
    for offset, length in entry.segments or ():
        os.lseek(descriptor, offset, os.SEEK_SET)
        source.drain(length, lambda data: _write_all(descriptor, data))
    os.ftruncate(descriptor, entry.size)


def _set_xattrs(target: int | bytes, xattrs: Mapping[bytes, bytes]) -> None:
    """Set extended attributes; overlayfs's own are not an archive's to set, unsupported ones are left out."""
    for name, value in xattrs.items():
        if name.startswith(_PRIVATE_XATTRS):
            continue
        try:
            os.setxattr(target, name, value, follow_symlinks=isinstance(target, int))
        except OSError as err:
            if err.errno not in _IGNORED:
                raise
