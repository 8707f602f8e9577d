"""`run` and `create`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from ...client import Client
from ...client.containers import PendingWait
from ...client.transport import Unreachable
from ...errors import NotFound, PydockError
from ...reference import Reference
from ...schema.containers import CreateRequest, CreateResponse
from ...tasks import Tasks
from .. import render, session, terminal
from ..command import Cli, Command
from ..execute import describe
from ..failure import Failure, UsageError
from ..flags import USAGE_STATUS, Options
from ..keys import DEFAULT, KeyFilter
from ..keys import parse as parse_keys
from ..options.flags import CREATE as CREATE_FLAGS
from ..options.flags import RUN as RUN_FLAGS
from ..options.request import request
from .pulling import pull, pull_missing
from .stream import sized

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}|sha256:[0-9a-f]+")
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_PULL_POLICIES = ("always", "missing", "never")


def _failure(message: str, name: str, status: int) -> Failure:
    """Give an error docker's shape: who failed, why, and where help is."""
    return Failure(f"pydock: {message}\n\nRun 'pydock {name} --help' for more information", status)


def _read(options: Options, arguments: list[str], name: str) -> CreateRequest:
    image, *command = arguments
    try:
        asked = request(options, image, command)
        _check_image(image)
    except UsageError:
        raise
    except Failure as err:
        raise _failure(err.message, name, err.status) from None
    except PydockError as err:
        raise _failure(err.message, name, USAGE_STATUS) from None
    return asked


def _check_image(image: str) -> None:
    """Refuse what can be neither a reference nor an id; raises Invalid."""
    if not _ID.fullmatch(image):
        Reference.parse(image)


async def _create(cli: Cli, options: Options, arguments: list[str]) -> None:
    asked = _read(options, arguments, "create")
    async with cli.connect() as client:
        render.line((await _make(client, asked, options)).id)


async def _make(client: Client, asked: CreateRequest, options: Options) -> CreateResponse:
    """Create the container, fetching its image when that is missing and wished; writes --cidfile."""
    path = options.text("cidfile")
    if path and os.path.exists(path):
        raise Failure(
            f"container ID file found, make sure the other container isn't running or delete {path}", 125
        )
    name, platform = options.text("name") or None, options.text("platform") or None
    policy = options.text("pull", "missing")
    if policy not in _PULL_POLICIES:
        raise Failure(f'invalid pull option: "{policy}": must be one of "always", "missing" or "never"', 125)
    if policy == "always":
        await pull(client, Reference.parse(asked.image), platform, options.flag("quiet"), to_stderr=True)
    try:
        made = await client.containers.create(asked, name, platform)
    except NotFound as err:
        if policy == "never" or not err.message.startswith("No such image"):
            raise
        await pull_missing(client, asked.image, platform, options.flag("quiet"))
        made = await client.containers.create(asked, name, platform)
    for warning in made.warnings or ():
        print(f"WARNING: {warning}", file=sys.stderr)
    if path:
        Path(path).write_text(made.id, encoding="ascii")
    return made


async def _run(cli: Cli, options: Options, arguments: list[str]) -> int:
    detach = options.flag("detach")
    if detach and options.items("attach"):
        raise Failure("conflicting options: cannot specify both --attach and --detach")
    asked = _read(options, arguments, "run")
    if not detach and asked.tty and asked.attach_stdin and not terminal.is_terminal(terminal.STDIN):
        raise Failure("the input device is not a TTY")
    try:
        async with cli.connect() as client:
            return await _run_with(client, asked, options)
    except PydockError as err:
        raise _failure(describe(err), "run", start_status(err)) from None
    except Failure as err:
        if err.status != USAGE_STATUS:
            raise
        raise _failure(err.message, "run", err.status) from None


def start_status(err: PydockError) -> int:
    """Tell run's exit code for a container that could not be started.

    A foreign daemon says why in words only, so docker's own command line goes by these words too.
    """
    exit_code = getattr(err, "exit_code", None)
    if exit_code in (_NOT_FOUND, _NOT_EXECUTABLE):
        return int(exit_code)
    if isinstance(err, Unreachable):
        return USAGE_STATUS
    message = err.message
    if "executable file not found" in message or "no such file or directory" in message:
        return _NOT_FOUND
    if "permission denied" in message or "is a directory" in message:
        return _NOT_EXECUTABLE
    return USAGE_STATUS


async def _run_with(client: Client, asked: CreateRequest, options: Options) -> int:
    size = terminal.size()
    if asked.tty and size and asked.host_config:
        asked.host_config.console_size = list(size)
    made = await _make(client, asked, options)
    if options.flag("detach"):
        await client.containers.start(made.id)
        render.line(made.id)
        return 0
    if not (asked.attach_stdin or asked.attach_stdout or asked.attach_stderr):
        await client.containers.start(made.id)
        render.line(made.id)
        return 0
    return await _run_attached(client, made.id, asked, options)


async def _run_attached(client: Client, identity: str, asked: CreateRequest, options: Options) -> int:
    keys = KeyFilter(parse_keys(options.text("detach-keys") or DEFAULT)) if asked.tty else None
    attachment = await client.containers.attach(
        identity,
        stdin=asked.attach_stdin,
        stdout=asked.attach_stdout,
        stderr=asked.attach_stderr,
        detach_keys=options.text("detach-keys") or None,
    )
    async with attachment, Tasks("run") as tasks, _exit_of(client, identity, options) as waiting:
        with contextlib.ExitStack() as around:
            if not asked.tty and options.flag("sig-proxy", True):
                kill = client.containers.kill
                around.enter_context(session.forwarding_signals(lambda name: kill(identity, name), tasks))
            if asked.tty and asked.attach_stdin:
                around.enter_context(terminal.raw_mode())
            try:
                await client.containers.start(identity)
            except PydockError:
                if options.flag("rm"):
                    # What failed before there was a program is in no state that ends: no wait would return.
                    with contextlib.suppress(PydockError):
                        await client.containers.remove(identity, force=True, volumes=True)
                raise
            async with sized(client, identity, asked.tty):
                if await session.join(attachment, asked.attach_stdin, keys):
                    return 0
        return (await waiting.result()).status_code


@contextlib.asynccontextmanager
async def _exit_of(client: Client, identity: str, options: Options) -> AsyncIterator[PendingWait]:
    """Wait for the exit, registered before the start; with --rm for the removal after it."""
    condition = "removed" if options.flag("rm") else "next-exit"
    async with client.containers.waiting(identity, condition) as waiting:
        yield waiting


CREATE = Command(
    "create",
    "IMAGE [COMMAND] [ARG...]",
    "Create a new container",
    _create,
    CREATE_FLAGS,
    least=1,
    interspersed=False,
)
RUN = Command(
    "run",
    "IMAGE [COMMAND] [ARG...]",
    "Create and run a new container from an image",
    _run,
    RUN_FLAGS,
    least=1,
    interspersed=False,
)
