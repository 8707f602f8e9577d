"""What happens to containers: stop, restart, kill, pause, unpause, rm, rename, wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...client import Client
from ...errors import NotFound, NotModified
from .. import render
from ..command import Cli, Command
from ..execute import Each
from ..failure import Failure
from ..flags import Flag, Options

Step = Callable[[Client, str], Awaitable[None]]
_MANY = "CONTAINER [CONTAINER...]"
_SIGNAL = Flag("signal", "Signal to send to the container", "string", "s")
_TIMEOUT = Flag("timeout", "Seconds to wait before killing the container", "int", "t")
_OLD_TIMEOUT = Flag("time", "Seconds to wait before killing the container", "int", hidden=True)


async def _each(cli: Cli, names: list[str], step: Step) -> int:
    """Do a step to each container, printing the names of those that it was done to."""
    each = Each()
    async with cli.connect() as client:
        for name in names:
            with each.of(name):
                await step(client, name)
                render.line(name)
    return each.status


def _seconds(options: Options) -> int | None:
    return options.number("time") if options.given("time") else options.number("timeout")


async def _stop(cli: Cli, options: Options, arguments: list[str]) -> int:
    async def step(client: Client, name: str) -> None:
        try:
            await client.containers.stop(name, options.text("signal") or None, _seconds(options))
        except NotModified:
            pass

    return await _each(cli, arguments, step)


async def _restart(cli: Cli, options: Options, arguments: list[str]) -> int:
    async def step(client: Client, name: str) -> None:
        await client.containers.restart(name, options.text("signal") or None, _seconds(options))

    return await _each(cli, arguments, step)


async def _kill(cli: Cli, options: Options, arguments: list[str]) -> int:
    async def step(client: Client, name: str) -> None:
        await client.containers.kill(name, options.text("signal") or None)

    return await _each(cli, arguments, step)


async def _pause(cli: Cli, options: Options, arguments: list[str]) -> int:
    return await _each(cli, arguments, lambda client, name: client.containers.pause(name))


async def _unpause(cli: Cli, options: Options, arguments: list[str]) -> int:
    return await _each(cli, arguments, lambda client, name: client.containers.unpause(name))


async def _remove(cli: Cli, options: Options, arguments: list[str]) -> int:
    force = options.flag("force")
    each = Each()
    async with cli.connect() as client:
        for name in arguments:
            name = name.strip("/")
            if not name:
                raise Failure("container name cannot be empty")
            with each.of(name):
                try:
                    await client.containers.remove(name, force, options.flag("volumes"), options.flag("link"))
                except NotFound as err:
                    if not force:
                        raise
                    # With --force a container that is not there is an error told, and no failure.
                    _tell(err)
                    continue
                render.line(name)
    return each.status


def _tell(err: NotFound) -> None:
    import sys

    from ..execute import describe

    sys.stdout.flush()
    print(describe(err), file=sys.stderr)


async def _rename(cli: Cli, options: Options, arguments: list[str]) -> int:
    old, new = (name.strip() for name in arguments)
    if not old or not new:
        raise Failure("Error: Neither old nor new names may be empty")
    each = Each()
    async with cli.connect() as client:
        with each.of(old):
            await client.containers.rename(old, new)
    if each.status:
        raise Failure(f"Error: failed to rename container named {old}")
    return 0


async def _wait(cli: Cli, options: Options, arguments: list[str]) -> int:
    each = Each()
    async with cli.connect() as client:
        for name in arguments:
            with each.of(name):
                render.line((await client.containers.wait(name)).status_code)
    return each.status


STOP = Command(
    "stop", _MANY, "Stop one or more running containers", _stop, (_SIGNAL, _TIMEOUT, _OLD_TIMEOUT), least=1
)
RESTART = Command(
    "restart", _MANY, "Restart one or more containers", _restart, (_SIGNAL, _TIMEOUT, _OLD_TIMEOUT), least=1
)
KILL = Command("kill", _MANY, "Kill one or more running containers", _kill, (_SIGNAL,), least=1)
PAUSE = Command("pause", _MANY, "Pause all processes within one or more containers", _pause, least=1)
UNPAUSE = Command("unpause", _MANY, "Unpause all processes within one or more containers", _unpause, least=1)
REMOVE = Command(
    "rm",
    _MANY,
    "Remove one or more containers",
    _remove,
    (
        Flag("force", "Force the removal of a running container (uses SIGKILL)", short="f"),
        Flag("link", "Remove the specified link", short="l"),
        Flag("volumes", "Remove anonymous volumes associated with the container", short="v"),
    ),
    least=1,
)
RENAME = Command("rename", "CONTAINER NEW_NAME", "Rename a container", _rename, least=2, most=2)
WAIT = Command(
    "wait", _MANY, "Block until one or more containers stop, then print their exit codes", _wait, least=1
)
