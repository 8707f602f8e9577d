"""`attach` and `logs`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from ...client import Client
from ...tasks import Tasks
from ...units import parse_timestamp
from .. import session, terminal
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Flag, Options
from ..keys import DEFAULT, KeyFilter
from ..keys import parse as parse_keys

DETACH_KEYS = Flag("detach-keys", "Override the key sequence for detaching a container", "string")


async def _attach(cli: Cli, options: Options, arguments: list[str]) -> int:
    async with cli.connect() as client:
        found = await client.containers.inspect(arguments[0])
        _check(found.state.running, found.state.paused, found.state.restarting)
        tty = found.config.tty
        stdin = not options.flag("no-stdin") and found.config.open_stdin
        if tty and stdin and not terminal.is_terminal(terminal.STDIN):
            raise Failure("the input device is not a TTY")
        keys = KeyFilter(parse_keys(options.text("detach-keys") or DEFAULT)) if tty else None
        async with client.containers.waiting(found.id, "not-running") as waiting, Tasks("attach") as tasks:
            attachment = await client.containers.attach(
                found.id, stdin=stdin, detach_keys=options.text("detach-keys") or None
            )
            async with attachment:
                with contextlib.ExitStack() as around:
                    if not tty and options.flag("sig-proxy", True):
                        kill = client.containers.kill
                        around.enter_context(
                            session.forwarding_signals(lambda name: kill(found.id, name), tasks)
                        )
                    if tty and stdin:
                        around.enter_context(terminal.raw_mode())
                    async with sized(client, found.id, tty):
                        if await session.join(attachment, stdin, keys):
                            around.close()
                            raise Failure("read escape sequence", 1)
            return (await waiting.result()).status_code


def _check(running: bool, paused: bool, restarting: bool) -> None:
    if not running:
        raise Failure("You cannot attach to a stopped container, start it first")
    if paused:
        raise Failure("You cannot attach to a paused container, unpause it first")
    if restarting:
        raise Failure("You cannot attach to a restarting container, wait until it is running")


@contextlib.asynccontextmanager
async def sized(client: Client, identity: str, tty: bool) -> AsyncIterator[None]:
    """Keep a container's terminal as large as the user's, where both have one."""
    if not tty or not terminal.is_terminal(terminal.STDOUT):
        yield
        return
    async with session.following_size(
        lambda rows, columns: client.containers.resize(identity, rows, columns)
    ):
        yield


async def _logs(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        parts = client.containers.logs(
            arguments[0],
            follow=options.flag("follow"),
            since=moment(options.text("since")),
            until=moment(options.text("until")),
            timestamps=options.flag("timestamps"),
            tail=options.text("tail") or None,
            details=options.flag("details"),
        )
        async with contextlib.aclosing(parts):
            async for stream, data in parts:
                terminal.write(terminal.STDERR if stream == terminal.STDERR else terminal.STDOUT, data)


def moment(text: str) -> str | None:
    """Turn a time of this machine (also "10m" ago) into unix seconds, which every engine reads alike."""
    if not text:
        return None
    seconds, rest = divmod(parse_timestamp(text), 1_000_000_000)
    return f"{seconds}.{rest:09d}"


ATTACH = Command(
    "attach",
    "CONTAINER",
    "Attach local standard input, output, and error streams to a running container",
    _attach,
    (
        DETACH_KEYS,
        Flag("no-stdin", "Do not attach STDIN"),
        Flag("sig-proxy", "Proxy all received signals to the process", default="true"),
    ),
    least=1,
    most=1,
)
LOGS = Command(
    "logs",
    "CONTAINER",
    "Fetch the logs of a container",
    _logs,
    (
        Flag("details", "Show extra details provided to logs"),
        Flag("follow", "Follow log output", short="f"),
        Flag("since", "Show logs since timestamp or relative (e.g. 42m for 42 minutes)", "string"),
        Flag("tail", "Number of lines to show from the end of the logs", "string", "n", '"all"'),
        Flag("timestamps", "Show timestamps", short="t"),
        Flag("until", "Show logs before a timestamp or relative (e.g. 42m for 42 minutes)", "string"),
    ),
    least=1,
    most=1,
)
