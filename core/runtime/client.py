"""The engine's side of the runtime: starts containers and workers, and speaks to shims."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import marshal
import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..config import Paths
from ..deferred import module
from ..errors import Conflict, Internal, NotFound, Unavailable
from ..ring import ring
from ..rootfs import Directory, View
from . import journal, wire
from .held import JOURNAL, SOCKET, held
from .records import ExecRequest, ExecState, Network, Restart, Started, StartRequest
from .spawner import program
from .stream import SocketStream

if TYPE_CHECKING:
    from .shim import remains
else:
    # Needed only after a shim that died.
    remains = module(__package__, "shim.remains")

_ATTEMPTS = 3
_BUFFER = 256 << 10
_LEAVING_S = 20.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A client of a container that isn't started yet: hand it to `Runtime.start`, which takes `connection`.

    `stream` is the engine's end; nothing of the container's output is lost to it. If the start fails, it
    ends.
    """

    stream: SocketStream
    connection: socket.socket
    stdin: bool
    stdout: bool
    stderr: bool


class Died(Internal):
    """A shim or worker ended without an answer."""


class Runtime:
    """What an engine can do with processes; an async context manager.

    Its spawner is started with the first need (or given) and again when it was killed. Containers go on after
    `close`; workers don't. Calls that name a container raise NotFound when no shim lives for it.
    """

    def __init__(
        self, paths: Paths, spawner: tuple[subprocess.Popen[bytes], socket.socket] | None = None
    ) -> None:
        self._paths = paths
        self._spawner = spawner

    async def __aenter__(self) -> Runtime:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the spawner."""
        self._end_spawner()

    def warm(self) -> None:
        """Start the spawner before it is needed: the first container then doesn't wait for it (0.1 s)."""
        if self._spawner is None:
            self._spawner = program.start(self._paths.run / "spawner.log")

    # Containers.

    async def start(
        self, request: StartRequest, sockets: Sequence[int] = (), attached: Sequence[Waiting] = ()
    ) -> Started:
        """Start a container; returns when its program was executed.

        `sockets` are descriptors that the shim holds until the container stays down (the caller closes its
        own). Raises StartFailed with Docker's exit code and words, Invalid, Conflict when it runs already. A
        call that is cancelled may still start it: the journal tells.
        """
        message = {
            "request": wire.encode(request),
            "sockets": len(sockets),
            "attached": [(one.stdin, one.stdout, one.stderr) for one in attached],
        }
        descriptors = [*sockets, *(one.connection.fileno() for one in attached)]
        try:
            result = await self._ask(wire.SHIM, message, descriptors, None)
        except Died:
            await self.reap(request.id)
            raise
        finally:
            for one in attached:
                one.connection.close()
        return Started(result["pid"], result["started_at"])

    async def waiting(self, *, stdin: bool, stdout: bool, stderr: bool) -> Waiting:
        """Prepare an attachment to a container that is going to be started."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_BUFFER)
        return Waiting(SocketStream(reader, writer), theirs, stdin, stdout, stderr)

    async def attach(self, container: str, *, stdin: bool, stdout: bool, stderr: bool) -> SocketStream:
        """Attach to a running container: Docker's raw stream, from now on until it ends or is closed."""
        _, stream = await self._request(container, "attach", stdin=stdin, stdout=stdout, stderr=stderr)
        return stream

    async def exec(self, container: str, request: ExecRequest) -> SocketStream | None:
        """Start a further process; its stream, or None when detached. Raises StartFailed (126, 127, 128)."""
        _, stream = await self._request(container, "exec", **asdict(request))
        if request.detach:
            await stream.close()
            return None
        return stream

    async def exec_state(self, container: str, exec_id: str) -> ExecState:
        """Tell how an exec stands, also after its container has ended. Raises NotFound."""
        try:
            return ExecState(*await self._call(container, "exec_state", exec_id=exec_id))
        except NotFound:
            state = _exec_state_of(journal.read(self.journal(container))[0], exec_id)
            if state is None:
                raise
            return state

    async def stop(self, container: str, signal: int, grace_s: float) -> None:
        """Signal, wait, kill; returns when it is down and stays down. The shim ends it without us too."""
        await self._call(container, "stop", signal=signal, grace_s=grace_s)

    async def signal(self, container: str, signum: int) -> None:
        """Send a signal to the first process; what Docker takes for a kill forbids a restart."""
        await self._call(container, "signal", signal=signum)

    async def pause(self, container: str) -> None:
        await self._call(container, "pause")

    async def resume(self, container: str) -> None:
        await self._call(container, "resume")

    async def resize(self, container: str, rows: int, columns: int, exec_id: str | None = None) -> None:
        """Tell a terminal its size; nothing happens without a terminal."""
        await self._call(container, "resize", rows=rows, columns=columns, exec_id=exec_id)

    async def update(self, container: str, limits: dict[str, Any]) -> tuple[str, ...]:
        """Set limits (OCI's `linux.resources`) now and for its restarts; gives warnings for the user."""
        return tuple(await self._call(container, "update", limits=limits))

    async def set_restart(self, container: str, restart: Restart) -> None:
        """Follow another restart policy from the next exit on."""
        await self._call(container, "set_restart", restart=asdict(restart))

    async def change_network(self, container: str, network: Network, sockets: Sequence[int] = ()) -> None:
        """Give a running container these links, ports and names; the shim gets copies of the sockets.

        Raises Internal when the kernel refuses a link; then everything is as before.
        """
        fields = {"op": "network", "network": asdict(network)}
        _, stream = await self._exchange(container, fields, sockets)
        await stream.close()

    def alive(self, container: str) -> bool:
        """Tell whether a shim keeps this container (running, or between restarts)."""
        return held(self._directory(container))

    def journal(self, container: str) -> str:
        """The path of a container's journal (`journal.read`)."""
        return os.path.join(self._directory(container), JOURNAL)

    async def reap(self, container: str) -> bool:
        """Clean up after a shim that died: processes, cgroup, published ports; its journal ends with 137.

        True when there was anything. Waits for a shim that is just taking its container apart; raises
        Conflict when the container runs.
        """
        directory = self._directory(container)
        if held(directory):
            if journal.running(self.journal(container)):
                raise Conflict(f"container is running: {container}")
            with contextlib.suppress(NotFound):
                async with asyncio.timeout(_LEAVING_S):
                    await self._call(container, "leave")
        if not remains.noted(directory):
            return False

        def tell(engines_dir: str) -> None:
            ring(engines_dir, b"c " + container.encode())

        for _ in range(_ATTEMPTS):
            try:
                # Waits for the kernel: processes that are killed take their time.
                return await asyncio.to_thread(remains.clear, directory, tell)
            except BlockingIOError:
                # The dying child of a shim that was killed may hold the lock a moment longer. No event tells.
                await asyncio.sleep(0.05)
            except OSError as err:
                raise Internal(f"cannot clean up after container {container}: {err}") from err
        raise Conflict(f"container is running: {container}")

    # Workers.

    async def work(
        self,
        function: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        root: str | None = None,
        overlay: View | None = None,
        progress: Callable[[Any], None] | None = None,
    ) -> dict[str, Any]:
        """Run "package.module:function" in a process of its own, inside `root` or `overlay` if given.

        It is called with (args, descriptors, report); see `worker`. `fds` stay the caller's. Errors come back
        as the kind they were raised as. The process is killed when the call is cancelled.
        """
        place = Directory(root) if root is not None else overlay
        message = {"function": function, "args": args, "root": wire.encode(place)}
        result: dict[str, Any] = await self._ask(wire.WORKER, message, fds, progress)
        return result

    # The spawner.

    async def _ask(
        self, kind: bytes, message: Any, descriptors: Sequence[int], progress: Callable[[Any], None] | None
    ) -> Any:
        payload = wire.pack(message)
        for _ in range(_ATTEMPTS):
            channel, rest = await self._fork(kind, payload, descriptors)
            reader, writer = await asyncio.open_unix_connection(sock=channel, limit=_BUFFER)
            try:
                await _send_rest(writer, rest)
                taken, answer = await _listen(reader, progress)
            finally:
                # The worker at the other end dies with this; a shim goes on.
                writer.close()
            if answer is not None:
                return _result(answer)
            if taken:
                raise Died("the process that was started for this has died: see spawner.log")
            self._end_spawner()
        raise Unavailable("the spawner can't fork: see spawner.log")

    async def _fork(
        self, kind: bytes, payload: bytes, descriptors: Sequence[int]
    ) -> tuple[socket.socket, bytes]:
        """Have the spawner fork; give the engine's end of the new process's channel.

        The request is in the channel before the process is there, but for the rest that is given back.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))]
        try:
            rest = _send_begin(ours, payload, descriptors)
            for _ in range(_ATTEMPTS):
                self.warm()
                assert self._spawner is not None
                try:
                    await _when_writable(self._spawner[1], kind, rights)
                    return ours, rest
                except OSError:
                    self._end_spawner()
            raise Unavailable("the spawner doesn't start: see spawner.log")
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()

    def _end_spawner(self) -> None:
        """Let the spawner go (it ends with its socket) and reap it; its children stay."""
        if self._spawner is None:
            return
        process, channel = self._spawner
        self._spawner = None
        channel.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    # Shims.

    def _directory(self, container: str) -> str:
        return str(self._paths.container_run(container))

    async def _call(self, container: str, operation: str, **fields: Any) -> Any:
        result, stream = await self._request(container, operation, **fields)
        await stream.close()
        return result

    async def _request(self, container: str, operation: str, **fields: Any) -> tuple[Any, SocketStream]:
        return await self._exchange(container, {"op": operation, **fields}, ())

    async def _exchange(
        self, container: str, message: dict[str, Any], descriptors: Sequence[int]
    ) -> tuple[Any, SocketStream]:
        connection, reader, writer = await _connect(self._directory(container), container)
        try:
            await _send(connection, writer, json.dumps(message).encode() + b"\n", descriptors)
            line = await reader.readline()
        except ConnectionError:
            line = b""
        except BaseException:
            writer.close()
            raise
        if not line.endswith(b"\n"):
            writer.close()
            raise NotFound(f"container is not running: {container}")
        answer = json.loads(line)
        if "error" in answer:
            writer.close()
            raise wire.unpack_error(*answer["error"])
        return answer["ok"], SocketStream(reader, writer)


async def _connect(
    directory: str, container: str
) -> tuple[socket.socket, asyncio.StreamReader, asyncio.StreamWriter]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        # A socket's address has at most 107 bytes; through a descriptor it is always shorter.
        number = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            await _connect_patiently(connection, f"/proc/self/fd/{number}/{SOCKET}")
        finally:
            os.close(number)
        return connection, *await asyncio.open_unix_connection(sock=connection, limit=_BUFFER)
    except (FileNotFoundError, ConnectionError):
        connection.close()
        raise NotFound(f"container is not running: {container}") from None
    except BaseException:
        connection.close()
        raise


async def _connect_patiently(connection: socket.socket, address: str) -> None:
    """connect(2) on a unix socket is done at once, or says EAGAIN while the shim's queue is full."""
    for _ in range(100):
        try:
            connection.connect(address)
            return
        except BlockingIOError:
            # No event tells when a listener's queue has room again.
            await asyncio.sleep(0.02)
    raise Unavailable("the container's shim does not answer")


async def _when_writable(channel: socket.socket, data: bytes, ancillary: list[Any]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            channel.sendmsg([data], ancillary)
            return
        except BlockingIOError:
            room: asyncio.Future[None] = loop.create_future()
            loop.add_writer(channel.fileno(), _settle, room)
            try:
                await room
            finally:
                loop.remove_writer(channel.fileno())


def _settle(room: asyncio.Future[None]) -> None:
    if not room.done():
        room.set_result(None)


async def _send(
    channel: socket.socket, writer: asyncio.StreamWriter, payload: bytes, descriptors: Sequence[int]
) -> None:
    """Send a request. That the other side is gone shows when its answer is read."""
    with contextlib.suppress(ConnectionError):
        await _send_rest(writer, _send_begin(channel, payload, descriptors))


def _send_begin(channel: socket.socket, payload: bytes, descriptors: Sequence[int]) -> bytes:
    """Send what the buffer of a new socket takes at once, with all descriptors; give what is left."""
    rest = b""
    for piece, some in wire.batches(payload, descriptors):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", some))] if some else []
        rest = piece[channel.sendmsg([piece], rights) :]
    return rest


async def _send_rest(writer: asyncio.StreamWriter, rest: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        writer.write(rest)
        await writer.drain()


async def _listen(
    reader: asyncio.StreamReader, progress: Callable[[Any], None] | None
) -> tuple[bool, tuple[str, Any] | None]:
    """Read until the answer: (whether the request was taken, the answer or None when the process died)."""
    taken = False
    try:
        while True:
            (size,) = wire.HEADER.unpack(await reader.readexactly(wire.HEADER.size))
            kind, content = marshal.loads(await reader.readexactly(size))
            match kind:
                case "hello":
                    taken = True
                case "progress":
                    if progress is not None:
                        progress(content)
                case _:
                    return True, (kind, content)
    except (asyncio.IncompleteReadError, ConnectionError):
        return taken, None


def _result(answer: tuple[str, Any]) -> Any:
    kind, content = answer
    if kind == "error":
        raise wire.unpack_error(*content)
    return content


def _exec_state_of(records: list[dict[str, Any]], exec_id: str) -> ExecState | None:
    pid = 0
    for record in records:
        if record.get("exec") == exec_id:
            if record["event"] == "exec_exit":
                return ExecState(False, pid, record["code"])
            pid = record["pid"]
    # It was running when its container ended with the shim.
    return ExecState(False, pid, 137) if pid else None
