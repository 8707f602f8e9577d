"""A command run on an event loop, and its errors turned into docker's words and exit codes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator

from ..client.transport import ANSWERED
from ..errors import PydockError
from .command import Cli, Command
from .failure import Failure, UsageError
from .flags import Options


def execute(command: Command, cli: Cli, options: Options, arguments: list[str]) -> int:
    """Run a command to its end and return the exit code; raises Failure."""
    try:
        return asyncio.run(command.run(cli, options, arguments)) or 0
    except UsageError as err:
        more = f"Run 'pydock {command.name} --help' for more information"
        raise Failure(f"{err.message}\n\nUsage:  {command.usage}\n\n{more}", err.status) from None
    except PydockError as err:
        raise Failure(describe(err)) from None


def describe(err: PydockError) -> str:
    """Say an error of the engine as docker's command line does."""
    answered = ANSWERED in getattr(err, "__notes__", ())
    return f"Error response from daemon: {err.message}" if answered else err.message


class Each:
    """Runs one step for each argument: an error is told and the next one goes on, as docker does.

    `status` is the exit code when all are done.
    """

    def __init__(self) -> None:
        self.status = 0
        self.failed: list[str] = []

    @contextlib.contextmanager
    def of(self, name: str) -> Iterator[None]:
        try:
            yield
        except PydockError as err:
            sys.stdout.flush()
            print(describe(err), file=sys.stderr)
            self.failed.append(name)
            self.status = 1
