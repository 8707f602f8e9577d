"""Logs and shells out of a client: what the panes of the split area are made of."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING

from pydock.core.errors import Conflict, NotFound, PydockError, Unavailable
from pydock.core.units import parse_timestamp

from .logs.runs import Runs
from .terminal.session import ShellSession

if TYPE_CHECKING:
    from pydock.core.client import Attachment, Client

# One process: it looks for the best shell and becomes it, so nothing is probed and nothing is left behind.
_FIND = "for s in {shells}; do p=$(command -v $s 2>/dev/null) && exec $p; done; exec sh"
# An engine leaves a program running whose client goes away: what has the shell's mark is told to hang up.
_HANG_UP = (
    "for p in /proc/[0-9]*; do"
    " grep -q PYDOCK_SHELL={mark} $p/environ 2>/dev/null && kill -HUP ${{p#/proc/}}; done"
)
_ENV = ["TERM=xterm-256color", "COLORTERM=truecolor"]


class ContainerLog:
    """A container's log as a `LogSource`; asks the client of the moment, so that it outlives a lost line."""

    def __init__(self, client: Callable[[], Client | None], id: str, name: str, color: str = "") -> None:
        self._client = client
        self.id = id
        self.name = name
        self.color = color

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """Follow the log with timestamps; `since` in nanoseconds."""
        async for chunk in self._read(follow=True, since=since, tail=tail):
            yield chunk

    async def older(self, *, until: int, since: int) -> AsyncGenerator[tuple[int, bytes], None]:
        """Read what lies between two times (nanoseconds), then end."""
        async for chunk in self._read(follow=False, since=since, until=until):
            yield chunk

    async def runs(self) -> Runs:
        """Read from the engine's events when the container started and how it ended."""
        client = self._client()
        if client is None:
            raise Unavailable("no connection to the engine")
        wanted = {"type": ["container"], "container": [self.id], "event": ["start", "die", "oom"]}
        runs = Runs()
        past = client.system.events(since="0", until=_seconds(time.time_ns()), filters=wanted)
        async with contextlib.aclosing(past):
            async for event in past:
                if event.actor.id == self.id:
                    runs.take(event.action, event.actor.attributes, event.time_nano)
        if not runs.last_start:
            # The engine forgets old events; the record knows the latest start.
            started = (await client.containers.inspect(self.id)).state.started_at
            runs.last_start = max(parse_timestamp(started), 0) if started else 0
        return runs

    async def _read(
        self, *, follow: bool, since: int | None = None, until: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        client = self._client()
        if client is None:
            raise Unavailable("no connection to the engine")
        chunks = client.containers.logs(
            self.id, follow=follow, timestamps=True, since=_seconds(since), until=_seconds(until), tail=tail
        )
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                yield chunk


def _seconds(time_ns: int | None) -> str | None:
    """Nanoseconds as Docker's decimal seconds, exact."""
    return None if time_ns is None else f"{time_ns // 1_000_000_000}.{time_ns % 1_000_000_000:09}"


def find_shell(shells: Sequence[str]) -> list[str]:
    """The command that becomes the first of these shells that the container has."""
    return ["sh", "-c", _FIND.format(shells=" ".join(shells))]


async def open_shell(
    client: Client,
    id: str,
    name: str,
    command: Sequence[str],
    *,
    user: str = "",
    directory: str = "",
    size: tuple[int, int] = (24, 80),
) -> ShellSession:
    """Start a command in a container with a terminal of `size` (rows, columns); raises PydockError."""
    from pydock.core.schema.exec import ExecConfig

    mark = secrets.token_hex(8)
    config = ExecConfig(
        user=user,
        tty=True,
        console_size=list(size),
        attach_stdin=True,
        attach_stdout=True,
        attach_stderr=True,
        env=[*_ENV, f"PYDOCK_SHELL={mark}"],
        working_dir=directory,
        cmd=list(command),
    )
    exec_id = await client.exec.create(id, config)
    attachment = await client.exec.start(exec_id, tty=True, console_size=size)

    async def resize(rows: int, columns: int) -> None:
        # The process may have ended meanwhile: then there is nothing to resize.
        with contextlib.suppress(NotFound, Conflict):
            await client.exec.resize(exec_id, rows, columns)

    async def wait() -> int | None:
        try:
            return (await client.exec.inspect(exec_id)).exit_code
        except PydockError:
            return None

    async def end() -> None:
        await run_in(client, id, ["sh", "-c", _HANG_UP.format(mark=mark)], lambda _, data: None, user=user)

    return ShellSession(
        attachment.stream, name=name, resize=resize, wait=wait, end=end, columns=size[1], rows=size[0]
    )


async def run_in(
    client: Client,
    id: str,
    command: Sequence[str],
    took: Callable[[int, bytes], None],
    *,
    user: str = "",
    directory: str = "",
) -> int | None:
    """Run a command in a container without a terminal; `took` gets its output (1 stdout, 2 stderr).

    Returns the exit code; raises PydockError.
    """
    from pydock.core.schema.exec import ExecConfig

    config = ExecConfig(
        user=user, attach_stdout=True, attach_stderr=True, working_dir=directory, cmd=list(command)
    )
    exec_id = await client.exec.create(id, config)
    attachment = await client.exec.start(exec_id, tty=False)
    try:
        async for stream, data in attachment.frames():
            took(stream, data)
    finally:
        await attachment.close()
    return (await client.exec.inspect(exec_id)).exit_code


async def open_attach(client: Client, id: str, name: str, size: tuple[int, int] = (24, 80)) -> ShellSession:
    """Connect to a container's first process; without a terminal its output is shown as it comes."""
    attachment = await client.containers.attach(id, logs=True)

    async def resize(rows: int, columns: int) -> None:
        if attachment.tty:
            with contextlib.suppress(NotFound, Conflict):
                await client.containers.resize(id, rows, columns)

    async def wait() -> int | None:
        try:
            return (await client.containers.inspect(id)).state.exit_code
        except PydockError:
            return None

    stream = attachment.stream if attachment.tty else Unframed(attachment)
    return ShellSession(stream, name=name, resize=resize, wait=wait, columns=size[1], rows=size[0])


class Unframed:
    """A multiplexed attachment as a raw stream for a terminal: no frames, a terminal's line ends."""

    def __init__(self, attachment: Attachment) -> None:
        self._frames = attachment.frames()
        self._attachment = attachment

    async def read(self, n: int = 65536) -> bytes:
        """The next piece, whatever its size; b"" at the end."""
        async for _, data in self._frames:
            return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return b""

    async def write(self, data: bytes) -> None:
        # A pipe has no line discipline to turn the enter key into a line end.
        await self._attachment.write(data.replace(b"\r", b"\n"))

    async def close_write(self) -> None:
        await self._attachment.close_write()

    async def close(self) -> None:
        await self._attachment.close()
