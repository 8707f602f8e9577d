"""What `docker cp` does inside a container's root: run in a worker that has nothing else (CVE-2018-15664).

All that is needed is imported before the worker enters (CVE-2019-14271), every path is walked by the kernel
within that root, and nothing is opened for writing that was not made here (CVE-2021-41089).
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import Forbidden, Internal, Invalid, NoSpace, NotFound, PydockError
from ..images import tar
from ..images.pack import Packer, Writer
from ..images.stream import ReadAhead, Source, decompress, file_chunks
from ..images.unpack import Extractor, Limits

Report = Callable[[dict[str, Any]], None]

_NO_DIRECTORY = "extraction point is not a directory"
# Go's os.FileMode, which the stat header carries: https://pkg.go.dev/io/fs#FileMode
_GO_KINDS = {
    stat.S_IFDIR: 1 << 31,
    stat.S_IFLNK: 1 << 27,
    stat.S_IFBLK: 1 << 26,
    stat.S_IFCHR: 1 << 26 | 1 << 21,
    stat.S_IFIFO: 1 << 25,
    stat.S_IFSOCK: 1 << 24,
}
_GO_BITS = {stat.S_ISUID: 1 << 23, stat.S_ISGID: 1 << 22, stat.S_ISVTX: 1 << 20}


def look(args: Mapping[str, Any], fds: Sequence[int], report: Report) -> dict[str, Any]:
    """Return what the stat header says of `args["path"]`; raises NotFound."""
    return _stat(absolute(args["path"]))


def send(args: Mapping[str, Any], fds: Sequence[int], report: Report) -> dict[str, Any]:
    """Write what is at `args["path"]` as a tar to `fds[0]`, after reporting its stat; raises NotFound.

    A link at the end of the path is sent itself, unless the path goes on with "/" or "/.".
    """
    path = absolute(args["path"])
    found = _stat(path)
    report(found)
    writer = Writer(fds[0])
    name = posixpath.basename(path.rstrip("/")) or "/"
    Packer(writer).tree(os.fsencode(path), os.fsencode(name))
    return writer.finish()


def send_all(args: Mapping[str, Any], fds: Sequence[int], report: Report) -> dict[str, Any]:
    """Write the whole tree as a tar to `fds[0]`: `docker export`."""
    report({})
    writer = Writer(fds[0])
    Packer(writer).below(b"", b"")
    return writer.finish()


def receive(args: Mapping[str, Any], fds: Sequence[int], report: Report) -> dict[str, Any]:
    """Unpack the tar at `fds[0]` into the directory `args["path"]`.

    `args` also: "no_overwrite", "owner" (uid, gid) or None, "readonly" (of the root), "mounts" (where it
    has volumes and the like), "limits". Raises NotFound, Invalid, Forbidden, NoSpace.
    """
    base = _extraction_point(absolute(args["path"]), args["readonly"], args["mounts"])
    os.umask(0)
    placer = _Placer(Limits(**args["limits"]), base, args["no_overwrite"], args["owner"])
    name = b""
    try:
        with ReadAhead(decompress(file_chunks(fds[0]))) as chunks:
            source = Source(chunks, args["limits"]["layer_bytes"])
            for entry in tar.entries(source):
                name = entry.name
                placer.add(entry, source)
            source.finish()
        placer.finish()
    except OSError as err:
        raise _told(err, name) from err
    return {"entries": placer.entries, "size": placer.size}


def absolute(path: str) -> str:
    """Return a path from the root, cleaned, but with the "/" or "/." at its end that means a directory."""
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith("/.") or path == ".":
        return posixpath.join(clean, ".")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _stat(path: str) -> dict[str, Any]:
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NotFound(path) from err
    except OSError as err:
        raise Invalid(f"{path}: {err.strerror}") from err
    link = stat.S_ISLNK(status.st_mode)
    return {
        "name": posixpath.basename(path.rstrip("/")) or "/",
        "size": status.st_size,
        "mode": go_mode(status.st_mode),
        "mtime": status.st_mtime_ns,
        "link_target": posixpath.realpath(path) if link else "",
    }


def go_mode(mode: int) -> int:
    """Return st_mode as Go's os.FileMode."""
    bits = sum(go for ours, go in _GO_BITS.items() if mode & ours)
    return mode & 0o777 | _GO_KINDS.get(stat.S_IFMT(mode), 0) | bits


def _extraction_point(path: str, readonly: bool, mounts: Sequence[str]) -> bytes:
    """Return the directory that a path leads to, through links; raises NotFound, Invalid, Forbidden."""
    place = os.fsencode(posixpath.realpath(path))
    try:
        status, system = os.lstat(place), os.statvfs(place)
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NotFound(path) from err
    if not stat.S_ISDIR(status.st_mode):
        raise Invalid(_NO_DIRECTORY)
    tops = [os.fsencode(posixpath.realpath(mount)) for mount in mounts]
    in_root = not any(place == top or place.startswith(top + b"/") for top in tops)
    if (in_root and readonly) or system.f_flag & os.ST_RDONLY:
        raise Forbidden(
            "container rootfs is marked read-only" if in_root else "mounted volume is marked read-only"
        )
    return place.rstrip(b"/")


class _Placer(Extractor):
    """Extracts below a directory of the root; whiteouts are files like others."""

    def __init__(
        self, limits: Limits, base: bytes, no_overwrite: bool, owner: tuple[int, int] | None
    ) -> None:
        super().__init__(limits, "keep")
        self._base = base
        self._no_overwrite = no_overwrite
        self._owner = owner

    def _path(self, name: bytes) -> bytes:
        inner = super()._path(name)
        return self._base + inner if inner != b"/" else self._base or b"/"

    def add(self, entry: tar.Entry, source: Source) -> None:
        path = self._path(entry.name)
        if path == (self._base or b"/"):
            # The directory that is copied into stays as it is.
            return
        if self._owner is not None:
            entry.uid, entry.gid = self._owner
        if self._no_overwrite:
            _keep_kind(path, entry.kind == tar.DIRECTORY, self._base)
        super().add(entry, source)


def _keep_kind(path: bytes, to_directory: bool, base: bytes) -> None:
    """Refuse to put a file where a directory is, and the other way round."""
    try:
        is_directory = stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    if is_directory != to_directory:
        words = ("directory", "non-directory") if is_directory else ("non-directory", "directory")
        raise Invalid(
            f'cannot overwrite {words[0]} "{tar.shown(path)}" with {words[1]} "{tar.shown(base or b"/")}"'
        )


def _told(err: OSError, name: bytes) -> PydockError:
    about = f": {tar.shown(name)}" if name else ""
    match err.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return NoSpace(f"no space left on device{about}")
        case errno.EROFS:
            return Forbidden(f"mounted volume is marked read-only{about}")
        case errno.EIO | errno.EMFILE | errno.ENOMEM:
            return Internal(f"{err.strerror}{about}")
    return Invalid(f"cannot be unpacked{about}: {err.strerror}")
