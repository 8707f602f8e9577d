"""A process's streams joined to the user's: input up, output down, size and signals along."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from ..client import Attachment
from ..errors import PydockError
from ..tasks import Tasks
from . import terminal
from .keys import KeyFilter

_HOLD_SECONDS = 0.5
_FORWARDED = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGALRM")
)
_PATIENCE = 3

Resize = Callable[[int, int], Awaitable[None]]
Kill = Callable[[str], Awaitable[None]]


async def join(attachment: Attachment, stdin: bool, keys: KeyFilter | None = None) -> bool:
    """Carry both ways until the process's output ends; returns True when the user detached instead.

    The output goes on after the end of the input. `keys` are looked for in what is typed.
    """
    detached = asyncio.Event()
    async with Tasks("session") as tasks:
        down = tasks.start(_down(attachment), "output")
        if stdin:
            tasks.start(_up(attachment, keys, detached), "input")
        leaving = asyncio.ensure_future(detached.wait())
        try:
            await asyncio.wait((down, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
        if not down.done():
            return True
        # An output that can't be written (a broken pipe) is this command's own error.
        await down
    return False


async def _down(attachment: Attachment) -> None:
    async for stream, data in attachment.frames():
        terminal.write(terminal.STDERR if stream == terminal.STDERR else terminal.STDOUT, data)


async def _up(attachment: Attachment, keys: KeyFilter | None, detached: asyncio.Event) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        while True:
            data = await _typed(keys)
            if data is None:
                await attachment.close_write()
                return
            if data:
                await attachment.write(data)
            if keys is not None and keys.detached:
                detached.set()
                return


async def _typed(keys: KeyFilter | None) -> bytes | None:
    """Return what was typed and is not part of the keys to detach; None at the end."""
    if keys is None:
        return await terminal.read() or None
    try:
        async with asyncio.timeout(_HOLD_SECONDS if keys.holding else None):
            data = await terminal.read()
    except TimeoutError:
        return keys.flush()
    return keys.feed(data) if data else keys.flush() or None


@contextlib.asynccontextmanager
async def following_size(resize: Resize) -> AsyncIterator[None]:
    """Keep the process's terminal as large as the user's, from now on and at once."""
    changed = asyncio.Event()
    changed.set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    async with Tasks("terminal size") as tasks:
        tasks.start(_follow(changed, resize), "resize")
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)


async def _follow(changed: asyncio.Event, resize: Resize) -> None:
    while True:
        await changed.wait()
        changed.clear()
        size = terminal.size()
        if size is not None:
            # The process may have ended meanwhile; its end is told elsewhere.
            with contextlib.suppress(PydockError):
                await resize(*size)


@contextlib.contextmanager
def forwarding_signals(kill: Kill, tasks: Tasks) -> Iterator[None]:
    """Send the signals that this process gets to the container; a third interrupt ends this process."""
    loop = asyncio.get_running_loop()
    interrupts = 0

    def forward(number: signal.Signals) -> None:
        nonlocal interrupts
        if number in (signal.SIGINT, signal.SIGTERM):
            interrupts += 1
            if interrupts >= _PATIENCE:
                raise KeyboardInterrupt
        tasks.start(_send(kill, number.name), f"forward {number.name}")

    for number in _FORWARDED:
        loop.add_signal_handler(number, forward, number)
    try:
        yield
    finally:
        for number in _FORWARDED:
            loop.remove_signal_handler(number)


async def _send(kill: Kill, name: str) -> None:
    with contextlib.suppress(PydockError):
        await kill(name)
