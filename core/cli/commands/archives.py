"""`load`, `save`, `import` and `pull`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator

from ...client import Client
from ...reference import Reference
from .. import render, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from .pulling import pull

_CHUNK = 1 << 20


async def _load(cli: Cli, options: Options, arguments: list[str]) -> None:
    path = options.text("input")
    if not path and terminal.is_terminal(terminal.STDIN):
        raise Failure("requested load from stdin, but stdin is empty")
    with _Opened(path) as fd:
        async with cli.connect() as client:
            async for step in client.images.load(stdin_chunks(fd), options.flag("quiet")):
                if step.error:
                    raise Failure(step.error)
                if step.stream:
                    render.write(step.stream)


class _Opened:
    """A descriptor of a file, or stdin when no path is given; closed again when it was opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = terminal.STDIN

    def __enter__(self) -> int:
        if self._path:
            try:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError as err:
                raise Failure(f"open {self._path}: {(err.strerror or '').lower()}") from err
        return self._fd

    def __exit__(self, *_: object) -> None:
        if self._path:
            os.close(self._fd)


async def stdin_chunks(fd: int) -> AsyncIterator[bytes]:
    while data := await terminal.read(fd, _CHUNK):
        yield data


async def _save(cli: Cli, options: Options, arguments: list[str]) -> None:
    path = options.text("output")
    if not path and terminal.is_terminal(terminal.STDOUT):
        raise Failure("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    async with cli.connect() as client:
        if path:
            await write_file(path, client.images.save(arguments))
            return
        async for chunk in client.images.save(arguments):
            terminal.write(terminal.STDOUT, chunk)


async def write_file(path: str, chunks: AsyncIterator[bytes]) -> None:
    """Write a file whole or not at all; raises Failure."""
    directory = os.path.dirname(path) or "."
    try:
        fd, temporary = tempfile.mkstemp(dir=directory, prefix=".pydock-")
    except OSError as err:
        raise Failure(
            f"invalid output path: directory {directory!r} does not exist".replace("'", '"')
        ) from err
    try:
        async for chunk in chunks:
            terminal.write(fd, chunk)
        os.chmod(temporary, 0o600)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(fd)


async def _import(cli: Cli, options: Options, arguments: list[str]) -> None:
    source, target = arguments[0], arguments[1] if len(arguments) > 1 else ""
    if source.startswith(("http://", "https://")):
        raise Failure("importing from a URL is not supported: fetch it and import the file, or '-' for stdin")
    reference = Reference.parse(target) if target else None
    with _Opened("" if source == "-" else source) as fd:
        async with cli.connect() as client:
            await _send_import(client, fd, reference, options)


async def _send_import(client: Client, fd: int, reference: Reference | None, options: Options) -> None:
    steps = client.images.import_(
        stdin_chunks(fd),
        repo=reference.familiar_name if reference else "",
        tag=reference.tag if reference else "",
        message=options.text("message"),
        changes=options.items("change"),
        platform=options.text("platform") or None,
    )
    async for step in steps:
        if step.error:
            raise Failure(step.error)
        if step.status:
            render.line(step.status)


async def _pull(cli: Cli, options: Options, arguments: list[str]) -> None:
    reference = Reference.parse(arguments[0])
    quiet, every = options.flag("quiet"), options.flag("all-tags")
    if every and (reference.tag or reference.digest):
        raise Failure("tag can't be used with --all-tags/-a")
    async with cli.connect() as client:
        if not reference.tag and not reference.digest and not quiet and not every:
            render.line("Using default tag: latest")
        await pull(client, reference, options.text("platform") or None, quiet, all_tags=every)
    render.line(reference.canonical if every else reference.with_default_tag().canonical)


LOAD = Command(
    "load",
    "",
    "Load an image from a tar archive or STDIN",
    _load,
    (
        Flag("input", "Read from tar archive file, instead of STDIN", "string", "i"),
        Flag("platform", "Load only the given platform variant", "string", hidden=True),
        Flag("quiet", "Suppress the load output", short="q"),
    ),
    most=0,
)
SAVE = Command(
    "save",
    "IMAGE [IMAGE...]",
    "Save one or more images to a tar archive (streamed to STDOUT by default)",
    _save,
    (Flag("output", "Write to a file, instead of STDOUT", "string", "o"),),
    least=1,
)
IMPORT = Command(
    "import",
    "file|URL|- [REPOSITORY[:TAG]]",
    "Import the contents from a tarball to create a filesystem image",
    _import,
    (
        Flag("change", "Apply Dockerfile instruction to the created image", "list", "c"),
        Flag("message", "Set commit message for imported image", "string", "m"),
        Flag("platform", "Set platform if server is multi-platform capable", "string"),
    ),
    least=1,
    most=2,
)
PULL = Command(
    "pull",
    "NAME[:TAG|@DIGEST]",
    "Download an image from a registry",
    _pull,
    (
        Flag("all-tags", "Download all tagged images in the repository", short="a"),
        Flag("platform", "Set platform if server is multi-platform capable", "string"),
        Flag("quiet", "Suppress verbose output", short="q"),
    ),
    least=1,
    most=1,
)
