"""A container's health check: a probe now and then, in the container, and what follows from its exit codes.

Docker's rules (moby: daemon/health.go). A change of the condition goes into the journal; the last results
are in the file `health` of the run directory (JSON, replaced as a whole), so that years of probes take no
room.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from ...errors import StartFailed
from ..launch import Launched, Stdio
from ..records import HealthCheck
from .loop import Loop, Timer
from .process import Pipes, Process

FILE = "health"
KEPT = 5
LONGEST_OUTPUT = 4096
_HEALTHY = 0
_BROKEN = -1
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """How a container is: "starting" until the first success or too many failures in a row."""

    status: Literal["starting", "healthy", "unhealthy"] = "starting"
    streak: int = 0

    def after(self, code: int, retries: int, *, in_start_period: bool) -> Condition:
        """Give the condition after a probe; a failure within the start period does not count."""
        if code == _HEALTHY:
            return Condition("healthy")
        if self.status == "starting" and in_start_period:
            return self
        failed = replace(self, streak=self.streak + 1)
        return replace(failed, status="unhealthy") if failed.streak >= retries else failed


class Probe:
    """One run of the check, from its start to its result. `output` is cut to LONGEST_OUTPUT."""

    def __init__(self) -> None:
        self.identity = os.urandom(32).hex()
        self.start = time.time_ns()
        self.process: Process | None = None
        self.timer: Timer | None = None
        self.timed_out = False
        self.forgotten = False
        self._output = bytearray()
        self._cut = False

    def take(self, stream: int, data: bytes) -> None:
        room = LONGEST_OUTPUT - len(self._output)
        self._output += data[:room]
        self._cut = self._cut or len(data) > room

    def text(self) -> str:
        return self._output.decode(errors="replace") + ("..." if self._cut else "")


class Health:
    """The health of a container over all its runs. A probe never runs beside another one of the same.

    `join(args, stdio)` starts a process in the container and raises StartFailed or OSError; `tell` writes to
    the journal, `ring` wakes engines, `on_quiet` is called when a probe's process has ended.
    """

    def __init__(
        self,
        loop: Loop,
        check: HealthCheck,
        run_dir: str,
        join: Callable[[tuple[str, ...], Stdio], Launched],
        tell: Callable[..., None],
        ring: Callable[[], None],
        on_quiet: Callable[[], None],
    ) -> None:
        self._loop, self._check, self._run_dir = loop, check, run_dir
        self._join, self._tell, self._ring, self._on_quiet = join, tell, ring, on_quiet
        self.condition = Condition()
        self._results: list[dict[str, Any]] = []
        self._began = 0.0
        self._next: Timer | None = None
        self._probe: Probe | None = None

    @property
    def quiet(self) -> bool:
        """Whether no probe's process is left."""
        return self._probe is None

    def begin(self) -> None:
        """The container has started, for the first time or again."""
        self._began = time.monotonic()
        self.condition = Condition()
        self.go_on()

    def go_on(self) -> None:
        """Probe from now on, the first time after an interval."""
        self._schedule()

    def hold(self) -> None:
        """Probe no more: the container is paused, or has ended. A probe that runs is killed and forgotten."""
        if self._next is not None:
            self._next.cancel()
        if self._probe is not None and self._probe.process is not None:
            self._probe.forgotten = True
            self._probe.process.signal(9)

    def _schedule(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop.later(self._interval() / _SECOND, self._run)

    def _interval(self) -> int:
        if self.condition.status == "starting" and self._in_start_period(time.monotonic()):
            return self._check.start_interval
        return self._check.interval

    def _in_start_period(self, moment: float) -> bool:
        return moment - self._began < self._check.start_period / _SECOND

    def _run(self) -> None:
        if self._probe is not None:
            # The last one was killed for a pause, and its end is still to come.
            self._schedule()
            return
        probe = self._probe = Probe()
        early = self._in_start_period(time.monotonic())
        pipes = Pipes.make(terminal=False, with_stdin=False)
        try:
            launched = self._join(self._check.args, pipes.inside)
        except (StartFailed, OSError) as err:
            pipes.close_all()
            self._probe = None
            self._note(probe, _BROKEN, early, error=str(err))
            return
        pipes.close_inside()
        probe.process = Process(
            self._loop,
            launched,
            pipes,
            on_output=probe.take,
            on_exit=lambda: None,
            on_end=lambda: self._ended(probe, early),
        )
        probe.timer = self._loop.later(self._check.timeout / _SECOND, lambda: self._too_long(probe))

    def _too_long(self, probe: Probe) -> None:
        assert probe.process is not None
        probe.timed_out = True
        probe.process.signal(9)

    def _ended(self, probe: Probe, early: bool) -> None:
        assert probe.process is not None
        assert probe.timer is not None
        probe.timer.cancel()
        self._probe = None
        if not probe.forgotten:
            code = probe.process.code
            self._note(probe, _BROKEN if probe.timed_out or code is None else code, early)
        self._on_quiet()

    def _note(self, probe: Probe, code: int, early: bool, **details: Any) -> None:
        before = self.condition
        self.condition = before.after(code, self._check.retries, in_start_period=early)
        result = {
            # By the clock that is never set back: a reader knows what it has seen.
            "number": time.monotonic_ns(),
            "exec": probe.identity,
            "start": probe.start,
            "end": time.time_ns(),
            "code": code,
            "output": probe.text(),
            "timed_out": probe.timed_out,
            "streak": self.condition.streak,
            **details,
        }
        self._results = [*self._results, result][-KEPT:]
        self._write()
        if self.condition.status != before.status:
            self._tell("health", status=self.condition.status, streak=self.condition.streak)
        else:
            self._ring()
        self._schedule()

    def _write(self) -> None:
        """Replace the file; where there is no room the results are only in memory until the next time."""
        aside = os.path.join(self._run_dir, "." + FILE)
        try:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(self._results, file)
            os.rename(aside, os.path.join(self._run_dir, FILE))
        except OSError:
            return


def read(run_dir: str) -> list[dict[str, Any]]:
    """Give the last results, the oldest first; none before the first probe."""
    try:
        with open(os.path.join(run_dir, FILE), encoding="utf-8") as file:
            results: list[dict[str, Any]] = json.load(file)
            return results
    except FileNotFoundError:
        return []
