"""A container's life: its first process from start to start, its end, and what an engine may do to it."""

from __future__ import annotations

import os
import signal as signals
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from ...errors import Conflict, Internal, PydockError, StartFailed
from ...ring import ring
from .. import cgroups
from ..host import Host
from ..join import Target, join
from ..journal import Journal
from ..launch import Launched, Stdio, launch
from ..plan import exec_plan
from ..plan import plan as make_plan
from ..records import ExecRequest, Network, Restart, StartRequest
from . import remains
from .audience import Audience
from .execs import Exec, Execs
from .health import Health
from .log_file import LogWriter
from .loop import Loop, Timer
from .network import Sandbox
from .peer import Peer
from .process import STDERR, STDOUT, Pipes, Process
from .restart import Restarts

State = Literal["new", "running", "ending", "waiting", "done"]
_MOVES: dict[State, tuple[State, ...]] = {
    "new": ("running", "done"),
    "running": ("ending",),
    "ending": ("waiting", "done"),
    "waiting": ("running", "done"),
    "done": (),
}
# After SIGKILL only a process inside the kernel is still there.
KILL_WAIT_S = 10.0
JOURNAL_RETRY_S = 1.0


class Container:
    """One container, and the shim's whole state. `on_done` is called once, when it stays down.

    Invariant: `state` only moves along `_MOVES`; the first process exists exactly in "running" and "ending".
    """

    def __init__(
        self, loop: Loop, request: StartRequest, host: Host, sockets: list[int], on_done: Callable[[], None]
    ) -> None:
        self._loop, self._request, self._host, self._sockets = loop, request, host, sockets
        self._on_done = on_done
        self.state: State = "new"
        self._plan = make_plan(request.spec, request.rootfs, host)
        self._restarts = Restarts(request.restart, request.restart_count)
        self._journal = Journal(os.path.join(request.run_dir, remains.JOURNAL))
        self._log = LogWriter(request.log)
        self.audience = Audience(loop, self._hold_output)
        self._execs = Execs(loop, request.spec, host, self._tell, self._maybe_finish)
        self._health = self._checked()
        self._process: Process | None = None
        self._sandbox = Sandbox(loop, request.network)
        self._mntns = -1
        self._started_at = 0.0
        self._last_code = 0
        self._paused = False
        self._stdin_open = True
        self._restart_timer: Timer | None = None
        self.when_left: list[Callable[[], None]] = []
        self._when_down: list[Callable[[], None]] = []
        self._log_trouble = False

    def _checked(self) -> Health | None:
        check, run_dir = self._request.health, self._request.run_dir
        if check is None:
            return None
        return Health(
            self._loop, check, run_dir, self._join_probe, self._tell, self._ring, self._maybe_finish
        )

    def _join_probe(self, args: tuple[str, ...], stdio: Stdio) -> Launched:
        process = self._running()
        plan = exec_plan(self._request.spec, {"args": args}, self._host)
        return join(plan, Target(process.pid, process.pidfd), stdio)

    # Starting, and starting again.

    def start(self, meanwhile: Callable[[], None]) -> tuple[int, int]:
        """Start the first process; give its pid and the time (ns). Raises StartFailed, Invalid, OSError.

        `meanwhile` is called while its root is built; what it raises fails the start.
        """

        def prepare() -> None:
            self._journal.open()
            self._log.open()
            meanwhile()

        remains.note(self._request, self._plan.cgroup)
        try:
            return self._launch(prepare)
        except StartFailed as err:
            self._journal.open()
            self._tell("start_failed", code=err.exit_code, error=str(err))
            self._move("done")
            raise

    def _launch(self, meanwhile: Callable[[], None] = lambda: None) -> tuple[int, int]:
        pipes = Pipes.make(self._request.tty, self._request.open_stdin)
        try:
            launched = launch(self._plan, pipes.inside, self._sandbox.hooks(meanwhile))
        except BaseException:
            pipes.close_all()
            self._sandbox.down()
            raise
        pipes.close_inside()
        now = time.time_ns()
        self._move("running")
        self._mntns = launched.mntns_fd
        self._started_at = time.monotonic()
        self._paused, self._stdin_open = False, True
        self._process = Process(self._loop, launched, pipes, self._output, self._exited, self._maybe_finish)
        if any(self._request.console_size):
            self._process.resize(*self._request.console_size)
        self._tell(
            "start",
            at=now,
            pid=launched.pid,
            ticks=remains.start_time(launched.pid),
            restart_count=self._restarts.count,
            warnings=list(launched.warnings),
        )
        if self._health is not None:
            self._health.begin()
        return launched.pid, now

    def _start_again(self) -> None:
        try:
            self._launch()
        except (StartFailed, OSError) as err:
            self._down(code=getattr(err, "exit_code", 128), oom=False, error=str(err))

    # What an engine asks.

    def attach(
        self, connection: socket.socket, stdin: bool, stdout: bool, stderr: bool, early_input: bytes = b""
    ) -> None:
        """Give the streams to one more client; takes over the connection."""
        process = self._running()
        feeds = stdin and self._stdin_open and self._request.open_stdin
        peer = Peer(
            self._loop,
            connection,
            raw=self._request.tty,
            streams=frozenset(s for s, on in ((STDOUT, stdout), (STDERR, stderr)) if on),
            stdin=process.stdin if feeds else None,
            on_input_end=(lambda: self._input_ended(process)) if feeds else lambda: None,
            on_drained=self.audience.drained,
            on_closed=self.audience.left,
        )
        self.audience.add(peer)
        peer.take_input(early_input)

    def require_running(self) -> None:
        """Raise Conflict unless there is a first process now."""
        self._running()

    def signal(self, signum: int) -> None:
        """Send a signal to the first process; as in Docker one that stops it also forbids a restart."""
        # Docker's rule needs to know whether the image names a stop signal; 15 is what it means if not.
        ending = signum in (signals.SIGKILL, self._request.stop_signal) or self._request.stop_signal == 15
        self._restarts = self._restarts.stopped(ending)
        if self.state == "waiting":
            return
        self._running().signal(signum)
        if ending and self._paused:
            self.resume()

    def stop(self, signum: int, grace_s: float, answer: Callable[[PydockError | None], None]) -> None:
        """Signal, wait `grace_s` (below 0: for ever), kill; `answer` once it is down, and stays down."""
        self._restarts = self._restarts.stopped(ending=True)
        if self.state == "waiting":
            assert self._restart_timer is not None
            self._restart_timer.cancel()
            self._down(self._last_code, oom=False)
            answer(None)
            return
        if self.state == "done":
            answer(None)
            return
        timers: list[Timer] = []

        def down() -> None:
            for timer in timers:
                timer.cancel()
            answer(None)

        def kill() -> None:
            self._kill()
            timers.append(self._loop.later(KILL_WAIT_S, give_up))

        def give_up() -> None:
            self._when_down.remove(down)
            answer(
                Internal(f"container {self._request.id} did not end after SIGKILL: it is stuck in the kernel")
            )

        self._when_down.append(down)
        if self._process is not None:
            self._process.signal(signum)
        if self._paused:
            self.resume()
        if grace_s >= 0:
            timers.append(self._loop.later(grace_s, kill))

    def pause(self) -> None:
        """Freeze all of its processes. Raises Conflict when it is paused or not running."""
        self._running()
        if self._paused:
            raise Conflict(f"Container {self._request.id} is already paused")
        if self._health is not None:
            self._health.hold()
        cgroups.freeze(self._plan.cgroup)
        self._paused = True
        self._tell("pause")

    def resume(self) -> None:
        """Let them go on. Raises Conflict when it isn't paused."""
        self._running()
        if not self._paused:
            raise Conflict(f"Container {self._request.id} is not paused")
        cgroups.thaw(self._plan.cgroup)
        self._paused = False
        if self._health is not None:
            self._health.go_on()
        self._tell("resume")

    def resize(self, rows: int, columns: int, exec_id: str | None) -> None:
        process = self._execs.get(exec_id).process if exec_id else self._running()
        process.resize(rows, columns)

    def update(self, limits: dict[str, Any]) -> tuple[str, ...]:
        """Set limits (OCI's linux.resources) now and for the next starts; gives warnings."""
        self._running()
        warnings = cgroups.apply(self._plan.cgroup, cgroups.resources(limits))
        linux = self._request.spec.setdefault("linux", {})
        known = linux.setdefault("resources", {})
        for part, values in limits.items():
            known[part] = {**known.get(part, {}), **values} if isinstance(values, dict) else values
        self._plan = make_plan(self._request.spec, self._request.rootfs, self._host)
        return warnings

    def set_restart(self, restart: Restart) -> None:
        """Follow another restart policy from the next exit on."""
        self._restarts = Restarts(
            restart, self._restarts.count, stopped_by_user=self._restarts.stopped_by_user
        )

    def change_network(self, network: Network, sockets: list[int]) -> None:
        """Have these links, ports and names, now and for the next runs; takes over the sockets, or raises.

        They hold host ports, and are let go when none is published any more. Raises OSError, and Conflict
        when it has just ended.
        """
        if self.state not in ("running", "waiting"):
            raise Conflict(f"Container {self._request.id} is not running")
        before, self._request = self._request, replace(self._request, network=network)
        both = replace(network, ports=tuple({*before.network.ports, *network.ports}))
        remains.note(replace(before, network=both), self._plan.cgroup)
        try:
            self._sandbox.change(network)
        except BaseException:
            self._request = before
            raise
        finally:
            remains.note(self._request, self._plan.cgroup)
        self._sockets += sockets
        if not network.ports:
            self._let_ports_go()

    def exec(self, request: ExecRequest) -> Exec:
        process = self._running()
        # A process that joins a frozen cgroup would stop, and this shim waiting for it.
        if self._paused:
            raise Conflict(f"Container {self._request.id} is paused, unpause the container before exec")
        return self._execs.start(request, Target(process.pid, process.pidfd))

    def connect(self, entry: Exec, connection: socket.socket, early_input: bytes) -> None:
        self._execs.connect(entry, connection, early_input)

    def exec_state(self, exec_id: str) -> tuple[bool, int, int | None]:
        process = self._execs.get(exec_id).process
        return process.code is None, process.pid, process.code

    # Its end.

    def _running(self) -> Process:
        if self.state == "waiting":
            raise Conflict(f"Container {self._request.id} is restarting, wait until the container is running")
        if self.state != "running" or self._process is None or self._process.code is not None:
            raise Conflict(f"Container {self._request.id} is not running")
        return self._process

    def _kill(self) -> None:
        if self._process is not None:
            self._process.signal(signals.SIGKILL)
        self._kill_group()

    def _kill_group(self) -> None:
        try:
            cgroups.kill(self._plan.cgroup)
        except OSError as err:
            self._complain("kill", err)

    def _input_ended(self, process: Process) -> None:
        if self._request.stdin_once and not self._request.tty:
            self._stdin_open = False
            process.stdin.end()

    def _output(self, stream: int, data: bytes) -> None:
        self._log.write(stream, data)
        self.audience.output(stream, data)
        if self._log.dropped and not self._log_trouble:
            self._log_trouble = True
            self._tell("log_trouble", error=self._log.error)

    def _exited(self) -> None:
        """The first process has ended; what it left behind goes too, and then the output ends."""
        self._move("ending")
        if self._health is not None:
            self._health.hold()
        self._kill_group()

    def _maybe_finish(self) -> None:
        quiet = self._execs.quiet and (self._health is None or self._health.quiet)
        if self.state == "ending" and self._process is not None and self._process.ended and quiet:
            self._finish(self._process)

    def _finish(self, process: Process) -> None:
        assert process.code is not None
        self._last_code = process.code
        self._finish_log()
        oom = self._oom_killed()
        next_time = self._restarts.exited(process.code, time.monotonic() - self._started_at)
        if next_time is None:
            self._down(process.code, oom)
            return
        self._restarts = next_time
        self._move("waiting")
        self._process = None
        self._sandbox.down()
        self.audience.end()
        self._tell("exit", code=process.code, oom=oom, restarting=True, restart_count=next_time.count)
        self._tear_down()
        self._restart_timer = self._loop.later(next_time.delay_s, self._start_again)

    def _down(self, code: int, oom: bool, error: str = "") -> None:
        """It stays down: release what others may want, tell, then take apart what is only its own."""
        self._move("done")
        self._process = None
        try:
            self._sandbox.down()
        except OSError as err:
            self._complain("unpublish", err)
        self._let_ports_go()
        count = self._restarts.count
        details: dict[str, Any] = {"error": error} if error else {}
        self._tell("exit", code=code, oom=oom, restarting=False, restart_count=count, **details)
        self.audience.end()
        waiting, self._when_down = self._when_down, []
        for tell in waiting:
            tell()
        self._tear_down()
        self._log.close()
        self._leave()

    def _let_ports_go(self) -> None:
        for descriptor in self._sockets:
            os.close(descriptor)
        self._sockets.clear()

    def _leave(self) -> None:
        """End, once the journal has everything: an exit code must not be lost to a full file system."""
        if self._journal.waiting:
            self._loop.later(JOURNAL_RETRY_S, self._leave)
        else:
            remains.forget(self._request.run_dir)
            self._on_done()

    def _tear_down(self) -> None:
        try:
            cgroups.remove(self._plan.cgroup)
        except OSError as err:
            self._complain("remove cgroup", err)
        if self._mntns >= 0:
            os.close(self._mntns)
            self._mntns = -1

    def _oom_killed(self) -> bool:
        try:
            return cgroups.oom_kills(self._plan.cgroup) > 0
        except OSError:
            return False

    def _hold_output(self, hold: bool) -> None:
        if self._process is not None:
            self._process.hold_output(hold)

    def _finish_log(self) -> None:
        self._log.finish()
        if self._log.dropped:
            self._tell("log_dropped", lines=self._log.dropped, error=self._log.error)
            self._log.dropped = 0
            self._log_trouble = False

    def _tell(self, event: str, **fields: Any) -> None:
        if not self._journal.append(event, **fields):
            self._loop.later(JOURNAL_RETRY_S, self._tell_again)
        self._ring()

    def _tell_again(self) -> None:
        if not self._journal.flush():
            self._loop.later(JOURNAL_RETRY_S, self._tell_again)
        self._ring()

    def _ring(self) -> None:
        ring(self._request.engines_dir, b"c " + self._request.id.encode())

    def _complain(self, what: str, err: OSError) -> None:
        """Standard error is the spawner's log; the container's end goes on."""
        print(f"container {self._request.id}: {what}: {err}", file=sys.stderr, flush=True)

    def _move(self, state: State) -> None:
        if state not in _MOVES[self.state]:
            raise AssertionError(f"container {self._request.id}: {self.state} to {state}")
        self.state = state
