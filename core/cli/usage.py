"""Help, shaped as docker's."""

from __future__ import annotations

import textwrap
from importlib import import_module

from .command import Command
from .flags import Flag
from .table import COMMANDS, GROUPS

_WIDTH = 80


def command_help(command: Command, aliases: list[str]) -> str:
    """Return the help of one command."""
    parts = [f"Usage:  {command.usage}", command.help]
    if len(aliases) > 1:
        parts.append("Aliases:\n  " + ", ".join(f"pydock {alias}" for alias in aliases))
    shown = [flag for flag in command.flags if not flag.hidden]
    if shown:
        parts.append("Options:\n" + _flags(shown))
    return "\n\n".join(parts) + "\n"


def _flags(flags: list[Flag]) -> str:
    heads = {flag.name: _head(flag) for flag in flags}
    column = max(len(head) for head in heads.values()) + 3
    lines = []
    for flag in sorted(flags, key=lambda flag: flag.name):
        help = flag.help + (f" (default {flag.default})" if flag.default else "")
        wrapped = textwrap.wrap(help, max(_WIDTH - column, 20)) or [""]
        lines.append(heads[flag.name].ljust(column) + wrapped[0])
        lines += [" " * column + line for line in wrapped[1:]]
    return "\n".join(lines)


def _head(flag: Flag) -> str:
    short = f"-{flag.short}, " if flag.short else "    "
    kind = "" if flag.kind == "bool" else f" {flag.kind}"
    return f"  {short}--{flag.name}{kind}"


def group_help(group: str) -> str:
    """Return the help of a group of commands."""
    title, commands = GROUPS[group]
    names = [name for name in commands if name not in _ALIASES or commands[name] not in _shadowed(commands)]
    return (
        f"Usage:  pydock {group} COMMAND\n\n{title}\n\nCommands:\n"
        + _commands({name: commands[name] for name in names})
        + f"\n\nRun 'pydock {group} COMMAND --help' for more information on a command.\n"
    )


def root_help(flags: tuple[Flag, ...]) -> str:
    """Return the help of `pydock` itself."""
    groups = "\n".join(f"  {name:<11} {title}" for name, (title, _) in GROUPS.items())
    return (
        "Usage:  pydock [OPTIONS] COMMAND\n\n"
        "Containers on this machine, without a daemon or with one\n\n"
        f"Management Commands:\n{groups}\n\nCommands:\n{_commands(COMMANDS)}\n\n"
        f"Options:\n{_flags([flag for flag in flags if not flag.hidden])}\n\n"
        "Run 'pydock COMMAND --help' for more information on a command.\n"
    )


_ALIASES = ("list", "ps", "remove")


def _shadowed(commands: dict[str, str]) -> set[str]:
    return {place for name, place in commands.items() if name not in _ALIASES}


def _commands(places: dict[str, str]) -> str:
    width = max(len(name) for name in places) + 2
    return "\n".join(f"  {name:<{width}}{_summary(place)}" for name, place in sorted(places.items()))


def _summary(place: str) -> str:
    module, _, attribute = place.partition(":")
    command: Command = getattr(import_module(f"{__package__}.commands.{module}"), attribute)
    return command.help
