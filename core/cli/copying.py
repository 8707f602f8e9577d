"""The local side of `cp`: paths as Docker reads them, trees into tars, tars into trees.

What comes out of a container is a stranger's: every name is walked by descriptors that follow no link.
https://docs.docker.com/reference/cli/docker/container/cp/
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import posixpath
import socket
import stat
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from .failure import Failure

_CHUNK = 256 << 10
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """A path, and what is there. Its "/" or "/." at the end says that it must be a directory."""

    path: str
    exists: bool = False
    directory: bool = False

    @property
    def asserted(self) -> bool:
        return self.path.endswith(("/", "/.")) or self.path == "."

    @property
    def name(self) -> str:
        """The last part, "." for a path that ends so."""
        return "." if self.path.endswith("/.") else posixpath.basename(self.path.rstrip("/")) or "/"

    @property
    def parent(self) -> str:
        return posixpath.dirname(self.path.rstrip("/")) or "/"


def target(source: Place, wanted: Place) -> tuple[str, str]:
    """Return the directory to unpack in, and what the source is called there. Raises Failure."""
    if wanted.exists and wanted.directory:
        return wanted.path, source.name
    if wanted.exists and source.directory:
        raise Failure("cannot copy directory")
    if not wanted.exists and not source.directory and wanted.asserted:
        raise Failure("no such directory")
    clean = Place(wanted.path.removesuffix("/."))
    return clean.parent, clean.name


def local(path: str, follow: bool = False) -> Place:
    """Look at a path of this machine; its last link is followed when asked for or asserted a directory."""
    whole = os.path.abspath(path) + ("/." if path.endswith("/.") or path == "." else "")
    whole += "/" if path.endswith("/") and not whole.endswith("/") else ""
    try:
        found = os.stat(whole) if follow or whole.endswith(("/", "/.")) else os.lstat(whole)
    except (FileNotFoundError, NotADirectoryError):
        return Place(whole)
    return Place(whole, True, stat.S_ISDIR(found.st_mode))


async def packed(source: Place, name: str, follow: bool) -> AsyncIterator[bytes]:
    """Yield the tar of a local path, called `name` in it."""

    def write(file: socket.SocketIO) -> None:
        path = os.path.realpath(source.path) if follow or source.asserted else source.path
        with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            tar.add(path, arcname=name)

    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_CHUNK)
    working = asyncio.ensure_future(asyncio.to_thread(_with_file, theirs, "wb", write))
    try:
        while chunk := await reader.read(_CHUNK):
            yield chunk
        await working
    finally:
        writer.close()
        await asyncio.wait([working])
        if not working.cancelled():
            working.exception()


def _with_file(connection: socket.socket, mode: str, use: Callable[[socket.SocketIO], None]) -> None:
    with connection, connection.makefile(mode, buffering=0) as file:  # type: ignore[call-overload]  # a mode of two
        use(file)


async def unpacked(chunks: AsyncIterator[bytes], directory: str, old: str, new: str, owners: bool) -> None:
    """Unpack a tar below a local directory, its first part `old` called `new`; raises Failure.

    With `owners` files keep theirs, else they are the caller's.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    _, writer = await asyncio.open_unix_connection(sock=ours)

    def read(file: socket.SocketIO) -> None:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            unpack = Unpack(directory, owners)
            for member in tar:
                unpack.add(member, _renamed(member.name, old, new), _renamed(member.linkname, old, new), tar)
            unpack.finish()
        while file.read(_CHUNK):
            # What pads an archive is taken too: the other end must not see a closed door.
            pass

    working = asyncio.ensure_future(asyncio.to_thread(_with_file, theirs, "rb", read))
    try:
        with contextlib.suppress(ConnectionError):
            # Whoever stops reading says why.
            async for chunk in chunks:
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()
        await working
    except tarfile.TarError as err:
        raise Failure(f"the archive can't be read: {err}") from err
    except OSError as err:
        raise Failure(f"{err.filename or directory}: {(err.strerror or str(err)).lower()}") from err
    finally:
        writer.close()
        await asyncio.wait([working])


def _renamed(name: str, old: str, new: str) -> str:
    first, slash, rest = name.lstrip("/").partition("/")
    if old == "/":
        return f"{new}/{name.lstrip('/')}"
    return new + slash + rest if first == old else name


class Unpack:
    """Makes members below a directory, one after the other."""

    def __init__(self, directory: str, owners: bool) -> None:
        self._top = directory
        self._owners = owners
        self._directories: list[tuple[str, tarfile.TarInfo]] = []

    def add(self, member: tarfile.TarInfo, name: str, link: str, tar: tarfile.TarFile) -> None:
        """Make one. Devices need root, and are left out without a word for others as by tar."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise Failure(f"the archive leads out of the directory: {name!r}")
        if not parts:
            return
        with self._opened(parts[:-1]) as parent:
            if member.isdir():
                self._directory(parts[-1], parent)
                self._directories.append(("/".join(parts), member))
                return
            _make_room(parts[-1], parent, name)
            if member.isreg():
                self._file(member, parts[-1], parent, tar)
            elif member.issym():
                os.symlink(member.linkname, parts[-1], dir_fd=parent)
                self._own(member, parts[-1], parent)
            elif member.islnk():
                self._hard_link(link, parts[-1], parent)
            elif member.isfifo():
                os.mkfifo(parts[-1], member.mode & 0o777, dir_fd=parent)
            elif os.geteuid() == 0:
                kind = stat.S_IFCHR if member.ischr() else stat.S_IFBLK
                device = os.makedev(member.devmajor, member.devminor)
                os.mknod(parts[-1], kind | member.mode & 0o777, device, dir_fd=parent)

    def finish(self) -> None:
        """Directories get their modes and times last: a read-only one must be filled first."""
        for path, member in reversed(self._directories):
            with self._opened(path.split("/")) as descriptor:
                if self._owners:
                    os.fchown(descriptor, member.uid, member.gid)
                os.fchmod(descriptor, member.mode & 0o7777)
                os.utime(descriptor, (member.mtime, member.mtime))

    @contextlib.contextmanager
    def _opened(self, parts: list[str]) -> Iterator[int]:
        descriptor = os.open(self._top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=descriptor)
                inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _directory(self, name: str, parent: int) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                raise Failure(f'cannot overwrite non-directory "{name}" with directory') from None

    def _file(self, member: tarfile.TarInfo, name: str, parent: int, tar: tarfile.TarFile) -> None:
        content = tar.extractfile(member)
        descriptor = os.open(name, _CREATE, 0o600, dir_fd=parent)
        with open(descriptor, "wb") as file:
            while content is not None and (chunk := content.read(_CHUNK)):
                file.write(chunk)
            file.flush()
            if self._owners:
                os.fchown(descriptor, member.uid, member.gid)
            os.fchmod(descriptor, member.mode & 0o7777)
            os.utime(descriptor, (member.mtime, member.mtime))

    def _hard_link(self, link: str, name: str, parent: int) -> None:
        parts = [part for part in link.split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            raise Failure(f"the archive leads out of the directory: {link!r}")
        with self._opened(parts[:-1]) as there:
            os.link(parts[-1], name, src_dir_fd=there, dst_dir_fd=parent, follow_symlinks=False)

    def _own(self, member: tarfile.TarInfo, name: str, parent: int) -> None:
        if self._owners:
            os.chown(name, member.uid, member.gid, dir_fd=parent, follow_symlinks=False)


def _make_room(name: str, parent: int, shown: str) -> None:
    """Remove a file that is in the way; a directory is not replaced by a file."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise Failure(f'cannot overwrite directory "{shown}" with non-directory') from None
        raise
