"""`exec`."""

from __future__ import annotations

import contextlib
import os

from ...client import Client
from ...errors import Internal
from ...schema.exec import ExecConfig
from .. import session, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from ..keys import KeyFilter
from ..keys import parse as parse_keys
from ..options import environment
from .stream import DETACH_KEYS


async def _exec(cli: Cli, options: Options, arguments: list[str]) -> int:
    container, *command = arguments
    detach, tty, stdin = options.flag("detach"), options.flag("tty"), options.flag("interactive")
    config = ExecConfig(
        user=options.text("user"),
        privileged=options.flag("privileged"),
        tty=tty,
        attach_stdin=stdin and not detach,
        attach_stdout=not detach,
        attach_stderr=not detach,
        detach_keys=options.text("detach-keys"),
        env=environment.variables(options.items("env-file"), options.items("env"), os.environ) or None,
        working_dir=options.text("workdir"),
        cmd=command,
        console_size=_size(tty),
    )
    async with cli.connect() as client:
        if not detach and tty and stdin and not terminal.is_terminal(terminal.STDIN):
            # The container is checked first, as docker does.
            await client.containers.inspect(container)
            raise Failure("the input device is not a TTY")
        identity = await client.exec.create(container, config)
        if detach:
            attachment = await client.exec.start(identity, tty, detach=True)
            await attachment.close()
            return 0
        return await _attached(client, identity, config)


def _size(tty: bool) -> list[int] | None:
    size = terminal.size() if tty else None
    return list(size) if size else None


async def _attached(client: Client, identity: str, config: ExecConfig) -> int:
    # Without --detach-keys every key goes to the process at once: a shell needs its ctrl-p.
    keys = KeyFilter(parse_keys(config.detach_keys)) if config.tty and config.detach_keys else None
    size = terminal.size() if config.tty else None
    attachment = await client.exec.start(identity, config.tty, console_size=size)
    async with attachment:
        with contextlib.ExitStack() as around:
            if config.tty and config.attach_stdin:
                around.enter_context(terminal.raw_mode())
            async with contextlib.AsyncExitStack() as following:
                if config.tty and terminal.is_terminal(terminal.STDOUT):
                    await following.enter_async_context(
                        session.following_size(lambda rows, cols: client.exec.resize(identity, rows, cols))
                    )
                if await session.join(attachment, config.attach_stdin, keys):
                    return 0
    return await _exit_code(client, identity)


async def _exit_code(client: Client, identity: str) -> int:
    found = await client.exec.inspect(identity)
    if found.exit_code is None:
        raise Internal(f"exec {identity[:12]} ended without an exit code")
    return found.exit_code


EXEC = Command(
    "exec",
    "CONTAINER COMMAND [ARG...]",
    "Execute a command in a running container",
    _exec,
    (
        Flag("detach", "Detached mode: run command in the background", short="d"),
        DETACH_KEYS,
        Flag("env", "Set environment variables", "list", "e"),
        Flag("env-file", "Read in a file of environment variables", "list"),
        Flag("interactive", "Keep STDIN open even if not attached", short="i"),
        Flag("privileged", "Give extended privileges to the command"),
        Flag("tty", "Allocate a pseudo-TTY", short="t"),
        Flag("user", 'Username or UID (format: "<name|uid>[:<group|gid>]")', "string", "u"),
        Flag("workdir", "Working directory inside the container", "string", "w"),
    ),
    least=2,
    interspersed=False,
)
