"""From arguments to an exit code: global flags, the command, errors."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from . import table
from .command import Cli, Command
from .failure import Failure, UsageError
from .flags import HELP, Flag, parse

VERSION = "0.1.0"
_INTERRUPTED = 130
_BROKEN_PIPE = 141

_GLOBAL = (
    Flag("host", "Daemon socket to connect to (embedded: the engine in this process)", "string", "H"),
    Flag("context", "Name of the context to use (not supported yet)", "string", "c", hidden=True),
    Flag("debug", "Enable debug mode", short="D"),
    Flag("log-level", "Set the logging level", "string", "l", "info"),
    Flag("version", "Print version information and quit", short="v"),
)


def run(arguments: list[str]) -> int:
    """Run a command line; every error ends here as a line on stderr and an exit code."""
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output is gone; Python must not try to flush it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Failure as err:
        return _fail(err.message, err.status)
    return status


def _fail(message: str, status: int) -> int:
    sys.stdout.flush()
    if message:
        print(message, file=sys.stderr)
    return status


def _run(arguments: list[str]) -> int:
    try:
        options, words = parse(_GLOBAL, arguments, interspersed=False)
    except UsageError as err:
        return _fail(f"{err.message}\n\nUsage:  pydock [OPTIONS] COMMAND [ARG...]\n\n{_more('')}", err.status)
    if options.flag("version"):
        print(f"pydock version {VERSION}")
        return 0
    if not words or options.given("help") or words[0] == "help":
        return _print_help(words[1:] if words[:1] == ["help"] else words)
    if words[0] in table.GROUPS and (len(words) == 1 or words[1] in ("--help", "-h")):
        return _print_group(words[0])
    found = table.find(words)
    if found is None:
        return _unknown(words)
    name, place, count = found
    host = options.text("host") if options.given("host") else None
    return _dispatch(_load(name, place), place, Cli(host, options.flag("debug")), words[count:])


def _load(name: str, place: str) -> Command:
    module, _, attribute = place.partition(":")
    command: Command = getattr(import_module(f"{__package__}.commands.{module}"), attribute)
    command.name = name
    return command


def _dispatch(command: Command, place: str, cli: Cli, arguments: list[str]) -> int:
    try:
        options, rest = parse(command.flags, arguments, command.interspersed)
        if options.given(HELP.name):
            from .usage import command_help

            print(command_help(command, table.aliases(place)), end="")
            return 0
        command.check_count(rest)
    except UsageError as err:
        return _fail(_usage(err, command), err.status)
    _quiet(cli.debug)
    cli.reads = place in table.READING
    if place in table.STARTING:
        _warm(cli)
    from .execute import execute

    try:
        return execute(command, cli, options, rest)
    finally:
        if cli.spawner is not None:
            from ..warm import cool

            cool(cli.spawner)


def _warm(cli: Cli) -> None:
    from ..hosts import chosen_host

    if chosen_host(cli.host) is None:
        from ..config import default_paths
        from ..warm import warm

        cli.spawner = warm(default_paths())


def _quiet(debug: bool) -> None:
    """Keep the engine's own log off the user's terminal, unless asked for."""
    import logging

    if debug:
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
    else:
        logging.getLogger("pydock").addHandler(logging.NullHandler())


def _usage(err: UsageError, command: Command) -> str:
    prefix = "pydock: " if err.status == 1 else ""
    return f"{prefix}{err.message}\n\nUsage:  {command.usage}\n\n{_more(command.name + ' ')}"


def _more(name: str) -> str:
    return f"Run 'pydock {name}--help' for more information"


def _unknown(words: list[str]) -> int:
    if words[0] in table.GROUPS:
        return _fail(
            f"pydock: unknown command: pydock {words[0]} {words[1]}\n\nUsage:  pydock {words[0]}\n\n"
            + _more(words[0] + " "),
            1,
        )
    return _fail(f"pydock: unknown command: pydock {words[0]}\n\n{_more('')}", 1)


def _print_help(words: list[str]) -> int:
    if words and words[0] in table.GROUPS and len(words) == 1:
        return _print_group(words[0])
    found = table.find(words) if words else None
    if found is not None:
        return _run([*words[: found[2]], "--help"])
    from .usage import root_help

    print(root_help(_GLOBAL), end="")
    return 0


def _print_group(group: str) -> int:
    from .usage import group_help

    print(group_help(group), end="")
    return 0
