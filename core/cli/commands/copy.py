"""`cp`, `export` and `commit`."""

from __future__ import annotations

import os

from ...reference import Reference
from .. import render, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from .archives import stdin_chunks, write_file


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
        if from_container and to_path == "-":
            _, chunks = await client.containers.get_archive(from_container, from_path)
            async for chunk in chunks:
                terminal.write(terminal.STDOUT, chunk)
            return
        if to_container and from_path == "-":
            await client.containers.put_archive(to_container, to_path, stdin_chunks(terminal.STDIN))
            return
    raise Failure("copying files is not built yet: use 'pydock cp CONTAINER:PATH -' or '-' with tar")


def _place(text: str) -> tuple[str, str]:
    """Tell `container:path` from a path of this machine; a path with a slash before the colon is local."""
    if os.path.isabs(text) or text.startswith("."):
        return "", text
    container, colon, path = text.partition(":")
    if not colon or "/" in container:
        return "", text
    return container, path


CP = Command(
    "cp",
    "CONTAINER:SRC_PATH DEST_PATH|-",
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
