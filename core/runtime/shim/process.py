"""A launched process: its exit, its output (pipes or a terminal's master) and its input."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...linux import pidfd, tty
from ..launch import Launched, Stdio
from .loop import READ, WRITE, Loop, Timer

STDOUT, STDERR = 1, 2
CHUNK = 64 << 10
# A process may be gone while somebody else still holds the other end of its output; Docker waits this long.
DRAIN_S = 2.0


@dataclass(slots=True)
class Pipes:
    """The standard streams of a process to come: `inside` becomes its 0, 1 and 2, the rest is ours."""

    inside: Stdio
    stdin: int = -1
    outputs: tuple[tuple[int, int], ...] = ()

    @classmethod
    def make(cls, terminal: bool, with_stdin: bool) -> Pipes:
        """Make pipes; with a terminal none, since it is made inside. Without input, it is /dev/null."""
        if terminal:
            return cls(Stdio())
        stdin, ours = (
            os.pipe2(os.O_CLOEXEC) if with_stdin else (os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), -1)
        )
        out, out_inside = os.pipe2(os.O_CLOEXEC)
        err, err_inside = os.pipe2(os.O_CLOEXEC)
        return cls(Stdio(stdin, out_inside, err_inside), ours, ((STDOUT, out), (STDERR, err)))

    def close_inside(self) -> None:
        for descriptor in (self.inside.stdin, self.inside.stdout, self.inside.stderr):
            if descriptor >= 0:
                os.close(descriptor)

    def close_all(self) -> None:
        self.close_inside()
        for descriptor in (self.stdin, *(fd for _, fd in self.outputs)):
            if descriptor >= 0:
                os.close(descriptor)

    def attach_console(self, console: int) -> None:
        """Read and write the terminal that was made inside; takes over the descriptor."""
        if console >= 0:
            self.outputs = ((STDOUT, console),)
            self.stdin = os.dup(console)


class Stdin:
    """The writing end of a process's input. It holds at most what one read of a client brought, and a bit."""

    def __init__(self, loop: Loop, descriptor: int) -> None:
        self._loop = loop
        self._file = descriptor
        self._waiting = b""
        self._closing = False
        self._readers: list[Callable[[], None]] = []
        if descriptor >= 0:
            os.set_blocking(descriptor, False)

    @property
    def full(self) -> bool:
        return bool(self._waiting)

    def when_empty(self, action: Callable[[], None]) -> None:
        """Call `action` once, as soon as there is room for more."""
        self._readers.append(action)

    def write(self, data: bytes) -> None:
        """Take all of `data`; ask `full` before sending more. After the end of the process it is dropped."""
        if self._file < 0 or self._closing:
            return
        if self._waiting:
            self._waiting += data
            return
        self._waiting = data
        self._flush()
        if self._waiting:
            self._loop.watch(self._file, WRITE, self._writable)

    def end(self) -> None:
        """Close once everything is written."""
        self._closing = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        if self._file >= 0:
            self._loop.forget(self._file)
            os.close(self._file)
            self._file = -1
        self._waiting = b""
        self._wake()

    def _writable(self, events: int) -> None:
        self._flush()
        if self._file < 0 or self._waiting:
            return
        self._loop.forget(self._file)
        if self._closing:
            self.close()
        else:
            self._wake()

    def _flush(self) -> None:
        while self._waiting:
            try:
                self._waiting = self._waiting[os.write(self._file, self._waiting) :]
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for action in readers:
            action()


class Process:
    """A child of the shim from its exec to its end.

    `on_output(stream, data)` gets every chunk; `on_exit` is called when the process has ended, `on_end` when
    nothing more of its output can come either. `code` is None until the exit.
    """

    def __init__(
        self,
        loop: Loop,
        launched: Launched,
        pipes: Pipes,
        on_output: Callable[[int, bytes], None],
        on_exit: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._on_output, self._on_exit, self._on_end = on_output, on_exit, on_end
        self.pid, self.pidfd = launched.pid, launched.pidfd
        self.code: int | None = None
        self.ended = False
        self._console = launched.console
        self._drain: Timer | None = None
        pipes.attach_console(launched.console)
        self.stdin = Stdin(loop, pipes.stdin)
        self._outputs = {descriptor: stream for stream, descriptor in pipes.outputs}
        self._held = False
        for descriptor in self._outputs:
            os.set_blocking(descriptor, False)
            loop.watch(descriptor, READ, partial(self._readable, descriptor))
        loop.watch(self.pidfd, READ, self._exited)

    def signal(self, signum: int) -> None:
        """Send a signal; nothing happens when the process has ended."""
        if self.code is None:
            try:
                pidfd.send_signal(self.pidfd, signum)
            except ProcessLookupError:
                return

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; nothing happens without one."""
        if self._console in self._outputs:
            tty.set_window_size(self._console, rows, columns)

    def hold_output(self, hold: bool) -> None:
        """Let the process wait with its output (its pipe fills up), or let it go on."""
        if hold != self._held and not self.ended:
            self._held = hold
            for descriptor in self._outputs:
                self._loop.change(descriptor, 0 if hold else READ)

    def _exited(self, events: int) -> None:
        code = pidfd.wait(self.pidfd, block=False)
        if code is None:
            return
        self._loop.forget(self.pidfd)
        os.close(self.pidfd)
        self.pidfd = -1
        self.code = code
        self.stdin.close()
        self._on_exit()
        if self._outputs:
            self._drain = self._loop.later(DRAIN_S, self._give_up)
        else:
            self._end()

    def _readable(self, descriptor: int, events: int) -> None:
        try:
            data = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return
        except OSError as err:
            # A terminal's master gives EIO once nobody holds the other end.
            if err.errno != errno.EIO:
                raise
            data = b""
        if data:
            self._on_output(self._outputs[descriptor], data)
        else:
            self._close_output(descriptor)
            if not self._outputs and self.code is not None:
                self._end()

    def _close_output(self, descriptor: int) -> None:
        self._loop.forget(descriptor)
        del self._outputs[descriptor]
        os.close(descriptor)

    def _give_up(self) -> None:
        for descriptor in tuple(self._outputs):
            self._close_output(descriptor)
        self._end()

    def _end(self) -> None:
        if self._drain is not None:
            self._drain.cancel()
        self.ended = True
        self._on_end()
