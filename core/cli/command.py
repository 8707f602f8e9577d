"""What a command is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from .failure import UsageError
from .flags import Flag, Options

if TYPE_CHECKING:
    from ..client import Client
    from ..engine import Spawner


class Cli:
    """What holds for every command of this call: which engine, and how it is reached."""

    def __init__(self, host: str | None, debug: bool = False) -> None:
        self.host = host
        self.debug = debug
        self.reads = False
        self.spawner: Spawner | None = None

    def connect(self) -> AbstractAsyncContextManager[Client]:
        """Open a client to the engine; raises what `connect.py` says."""
        from .connect import open_client

        spawner, self.spawner = self.spawner, None
        return open_client(self.host, self.reads, spawner)


Run = Callable[[Cli, Options, list[str]], Coroutine[Any, Any, int | None]]
"""Runs a command and returns its exit code (None is 0)."""


class Command:
    """A command: how it is called, and what it does.

    `arguments` is what follows the options in its usage; `least` and `most` bound how many there may be.
    """

    __slots__ = ("arguments", "flags", "help", "interspersed", "least", "most", "name", "run")

    def __init__(
        self,
        name: str,
        arguments: str,
        help: str,
        run: Run,
        flags: Sequence[Flag] = (),
        least: int = 0,
        most: int | None = None,
        interspersed: bool = True,
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.help = help
        self.run = run
        self.flags = tuple(flags)
        self.least = least
        self.most = most
        self.interspersed = interspersed

    @property
    def usage(self) -> str:
        options = " [OPTIONS]" if self.flags else ""
        arguments = f" {self.arguments}" if self.arguments else ""
        return f"pydock {self.name}{options}{arguments}"

    def check_count(self, arguments: Sequence[str]) -> None:
        """Raise UsageError when there are too few or too many arguments, with docker's words."""
        count = len(arguments)
        if count >= self.least and (self.most is None or count <= self.most):
            return
        if self.most == 0:
            wanted = "accepts no arguments"
        elif self.least == self.most:
            wanted = f"requires {self.least} argument{_s(self.least)}"
        elif self.most is None or count < self.least:
            wanted = f"requires at least {self.least} argument{_s(self.least)}"
        else:
            wanted = f"requires at most {self.most} argument{_s(self.most)}"
        raise UsageError(f"'pydock {self.name}' {wanted}")


def _s(count: int) -> str:
    return "" if count == 1 else "s"
