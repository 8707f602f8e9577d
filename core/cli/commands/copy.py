"""`cp`, `export` and `commit`."""

from __future__ import annotations

import contextlib
import os
import posixpath
import sys
from collections.abc import AsyncGenerator, AsyncIterator

from ...client import Client
from ...errors import NotFound
from ...reference import Reference
from ...units import human_size
from .. import copying, render, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from .archives import stdin_chunks, write_file

# Of Go's os.FileMode.
_DIRECTORY, _SYMLINK = 1 << 31, 1 << 27
_LINKS = 40


async def _export(cli: Cli, options: Options, arguments: list[str]) -> None:
    path = options.text("output")
    if not path and terminal.is_terminal(terminal.STDOUT):
        raise Failure("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    async with cli.connect() as client:
        if path:
            await write_file(path, client.containers.export(arguments[0]))
            return
        async for chunk in client.containers.export(arguments[0]):
            terminal.write(terminal.STDOUT, chunk)


async def _commit(cli: Cli, options: Options, arguments: list[str]) -> None:
    target = arguments[1] if len(arguments) > 1 else ""
    reference = Reference.parse(target) if target else None
    async with cli.connect() as client:
        render.line(
            await client.containers.commit(
                arguments[0],
                repo=reference.familiar_name if reference else "",
                tag=reference.tag if reference else "",
                comment=options.text("message"),
                author=options.text("author"),
                pause=options.flag("pause", True),
                changes=options.items("change"),
            )
        )


async def _copy(cli: Cli, options: Options, arguments: list[str]) -> None:
    source, target = arguments
    (from_container, from_path), (to_container, to_path) = _place(source), _place(target)
    if from_container and to_container:
        raise Failure("copying between containers is not supported")
    if not from_container and not to_container:
        raise Failure("must specify at least one container source")
    async with cli.connect() as client:
        if from_container:
            size = await _copy_out(client, from_container, from_path, to_path, options)
        else:
            size = await _copy_in(client, from_path, to_container, to_path, options)
    if "-" not in (from_path, to_path) and not options.flag("quiet"):
        print(f"Successfully copied {human_size(size)} to {target}", file=sys.stderr)


def _place(text: str) -> tuple[str, str]:
    """Tell `container:path` from a path of this machine; a path with a slash before the colon is local."""
    if os.path.isabs(text) or text.startswith("."):
        return "", text
    container, colon, path = text.partition(":")
    if not colon or "/" in container:
        return "", text
    return container, path


async def _copy_out(client: Client, container: str, path: str, target: str, options: Options) -> int:
    """Copy from a container to this machine; returns the bytes that came."""
    followed = (await _there(client, container, path)).path if options.flag("follow-link") else path
    stat, chunks = await client.containers.get_archive(container, followed)
    async with contextlib.aclosing(chunks):
        if target == "-":
            async for chunk in chunks:
                terminal.write(terminal.STDOUT, chunk)
            return 0
        source = copying.Place(path, True, bool(stat.mode & _DIRECTORY))
        directory, name = copying.target(source, copying.local(target, follow=True))
        if not os.path.isdir(directory):
            raise Failure(f"no such directory: {directory}")
        counted = _Counted(chunks)
        owners = options.flag("archive")
        await copying.unpacked(counted.chunks(), directory, copying.Place(followed).name, name, owners)
        return counted.size


async def _copy_in(client: Client, path: str, container: str, target: str, options: Options) -> int:
    """Copy from this machine into a container; returns the bytes that went."""
    wanted = await _there(client, container, target if target.startswith("/") else f"/{target}")
    owners = options.flag("archive")
    if path == "-":
        if not wanted.directory:
            raise Failure(f'destination "{container}:{target}" must be a directory')
        await client.containers.put_archive(
            container, wanted.path, stdin_chunks(terminal.STDIN), no_overwrite=True, copy_owner=owners
        )
        return 0
    follow = options.flag("follow-link")
    source = copying.local(path, follow)
    if not source.exists:
        raise Failure(f"lstat {source.path}: no such file or directory")
    directory, name = copying.target(source, wanted)
    counted = _Counted(copying.packed(source, name, follow))
    await client.containers.put_archive(
        container, directory, counted.chunks(), no_overwrite=True, copy_owner=owners
    )
    return counted.size


async def _there(client: Client, container: str, path: str) -> copying.Place:
    """Say what is at a path of a container, at the end of its links."""
    for _ in range(_LINKS):
        try:
            stat = await client.containers.stat_path(container, path)
        except NotFound:
            # Also when there is no such container: the copying will say so.
            return copying.Place(path)
        if not stat.mode & _SYMLINK:
            return copying.Place(path, True, bool(stat.mode & _DIRECTORY))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path.rstrip("/")), stat.link_target))
    raise Failure(f"too many links: {path}")


class _Counted:
    """A stream whose bytes are counted as they pass."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        async for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


CP = Command(
    "cp",
    "CONTAINER:SRC_PATH DEST_PATH|-\n        pydock cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    "Copy files/folders between a container and the local filesystem",
    _copy,
    (
        Flag("archive", "Archive mode (copy all uid/gid information)", short="a"),
        Flag("follow-link", "Always follow symbol link in SRC_PATH", short="L"),
        Flag("quiet", "Suppress progress output during copy", short="q"),
    ),
    least=2,
    most=2,
)
EXPORT = Command(
    "export",
    "CONTAINER",
    "Export a container's filesystem as a tar archive",
    _export,
    (Flag("output", "Write to a file, instead of STDOUT", "string", "o"),),
    least=1,
    most=1,
)
COMMIT = Command(
    "commit",
    "CONTAINER [REPOSITORY[:TAG]]",
    "Create a new image from a container's changes",
    _commit,
    (
        Flag("author", 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")', "string", "a"),
        Flag("change", "Apply Dockerfile instruction to the created image", "list", "c"),
        Flag("message", "Commit message", "string", "m"),
        Flag("pause", "Pause container during commit", short="p", default="true"),
    ),
    least=1,
    most=2,
)
