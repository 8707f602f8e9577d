"""`start`."""

from __future__ import annotations

import contextlib

from ...client import Client
from ...errors import NotModified, PydockError
from ...tasks import Tasks
from .. import render, session, terminal
from ..command import Cli, Command
from ..execute import Each, describe
from ..failure import Failure
from ..flags import Flag, Options
from ..keys import DEFAULT, KeyFilter
from ..keys import parse as parse_keys
from .stream import sized


async def _start(cli: Cli, options: Options, arguments: list[str]) -> int:
    attach = options.flag("attach") or options.flag("interactive")
    if attach and len(arguments) > 1:
        raise Failure("you cannot start and attach multiple containers at once")
    async with cli.connect() as client:
        if attach:
            return await _start_attached(client, arguments[0], options)
        each = Each()
        for name in arguments:
            with each.of(name):
                with contextlib.suppress(NotModified):
                    await client.containers.start(name, options.text("detach-keys") or None)
                render.line(name)
    if each.failed:
        raise Failure(f"Error: failed to start containers: {', '.join(each.failed)}")
    return 0


async def _start_attached(client: Client, name: str, options: Options) -> int:
    found = await client.containers.inspect(name)
    config = found.config
    stdin = options.flag("interactive") and config.open_stdin
    keys = KeyFilter(parse_keys(options.text("detach-keys") or DEFAULT)) if config.tty else None
    attachment = await client.containers.attach(
        found.id, stdin=stdin, detach_keys=options.text("detach-keys") or None
    )
    condition = "removed" if found.host_config.auto_remove else "next-exit"
    async with attachment, Tasks("start") as tasks, client.containers.waiting(found.id, condition) as waiting:
        with contextlib.ExitStack() as around:
            if not config.tty and options.flag("sig-proxy", True):
                kill = client.containers.kill
                around.enter_context(session.forwarding_signals(lambda name: kill(found.id, name), tasks))
            if config.tty and stdin and terminal.is_terminal(terminal.STDIN):
                around.enter_context(terminal.raw_mode())
            try:
                with contextlib.suppress(NotModified):
                    await client.containers.start(found.id)
            except PydockError as err:
                raise Failure(describe(err)) from None
            async with sized(client, found.id, config.tty):
                if await session.join(attachment, stdin, keys):
                    return 0
        return (await waiting.result()).status_code


START = Command(
    "start",
    "CONTAINER [CONTAINER...]",
    "Start one or more stopped containers",
    _start,
    (
        Flag("attach", "Attach STDOUT/STDERR and forward signals", short="a"),
        Flag("detach-keys", "Override the key sequence for detaching a container", "string"),
        Flag("interactive", "Attach container's STDIN", short="i"),
        Flag("sig-proxy", "Proxy received signals to the process", default="true", hidden=True),
    ),
    least=1,
)
