"""A shell that runs over a raw stream: an emulator and pexpect read it, keys are written to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pydock.core.schema.message import Stream


class ShellSession:
    """Owns `stream` until `close`; goes on reading while no pane shows it."""

    def __init__(
        self,
        stream: Stream,
        *,
        name: str,
        resize: Callable[[int, int], Awaitable[None]],
        wait: Callable[[], Awaitable[int | None]],
        columns: int = 80,
        rows: int = 24,
        backend: str = "auto",
    ) -> None:
        """`resize(rows, columns)` tells the other side; `wait()` gives the exit code after the stream's end."""
