"""Messages between an engine and what its spawner forks: marshal behind a length, descriptors by SCM_RIGHTS.

Both ends run the same Python and the same pydock (one forked the other), so marshal's format is safe here; it
never goes to disk. Every request has a socket pair of its own, and this is all that is said on it:

    engine                        spawner              shim or worker
      | one byte, the pair's end -->|  fork ------------->|
      | request + descriptors --------------------------->|
      |<------------------------------------------ hello  |   "this request was taken": before it, the engine
      |<--------------------------------------- progress* |   may ask another spawner; after it, it may not
      |<---------------------------------- result | error |

The end of the stream without a result means that the process died.
"""

from __future__ import annotations

import array
import marshal
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from .. import errors, rootfs
from . import records

HEADER = struct.Struct(">I")
SHIM = b"s"
WORKER = b"w"
_DESCRIPTORS = 200  # the kernel takes at most 253 in one message (SCM_MAX_FD)
_RECORDS: dict[str, type] = {
    record.__name__: record
    for record in (
        rootfs.Overlay,
        rootfs.Directory,
        rootfs.Bind,
        rootfs.Furnished,
        rootfs.Occupied,
        records.Interface,
        records.PublishedPort,
        records.NameServer,
        records.Network,
        records.LogFile,
        records.Restart,
        records.HealthCheck,
        records.StartRequest,
        records.ExecRequest,
    )
}


def encode(value: Any) -> Any:
    """Turn records (also inside tuples) into what marshal takes; JSON inside records stays as it is."""
    if type(value).__name__ in _RECORDS:
        return {"@": type(value).__name__} | {name: encode(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, tuple):
        return tuple(encode(item) for item in value)
    return value


def decode(value: Any) -> Any:
    """The other way."""
    if isinstance(value, dict) and "@" in value:
        kind = _RECORDS[value["@"]]
        return kind(**{name: decode(item) for name, item in value.items() if name != "@"})
    if isinstance(value, tuple):
        return tuple(decode(item) for item in value)
    return value


def network(told: dict[str, Any]) -> records.Network:
    """A network as it comes out of JSON, where tuples are lists."""
    server = told["name_server"]
    return records.Network(
        mode=told["mode"],
        interfaces=tuple(records.Interface(**_with_tuples(one)) for one in told["interfaces"]),
        ports=tuple(records.PublishedPort(**one) for one in told["ports"]),
        join_pid=told["join_pid"],
        name_server=server and records.NameServer(**_with_tuples(server)),
    )


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuples(value) for name, value in fields.items()}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def pack(message: Any) -> bytes:
    body = marshal.dumps(message)
    return HEADER.pack(len(body)) + body


def batches(payload: bytes, descriptors: Sequence[int]) -> Iterator[tuple[bytes, Sequence[int]]]:
    """Cut a message into pieces that carry its descriptors, as many at a time as the kernel takes."""
    while len(descriptors) > _DESCRIPTORS:
        yield payload[:1], descriptors[:_DESCRIPTORS]
        payload, descriptors = payload[1:], descriptors[_DESCRIPTORS:]
    yield payload, descriptors


def send(connection: socket.socket, message: Any) -> None:
    """Send one message on a blocking socket."""
    connection.sendall(pack(message))


def receive(connection: socket.socket) -> tuple[Any, list[int]]:
    """Read one message and its descriptors (close-on-exec, the caller's) from a blocking socket.

    Raises EOFError when the other side went away first; the descriptors that came are closed then.
    """
    found = array.array("i")
    try:
        (size,) = HEADER.unpack(_exactly(connection, HEADER.size, found))
        return marshal.loads(_exactly(connection, size, found)), list(found)
    except BaseException:
        for descriptor in found:
            socket.close(descriptor)
        raise


def _exactly(connection: socket.socket, size: int, found: array.array[int]) -> bytes:
    parts: list[bytes] = []
    while size:
        data, ancillary, _, _ = connection.recvmsg(
            min(size, 1 << 20), socket.CMSG_SPACE(253 * found.itemsize), socket.MSG_CMSG_CLOEXEC
        )
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                found.frombytes(content[: len(content) - len(content) % found.itemsize])
        if not data:
            raise EOFError
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def pack_error(error: errors.PydockError) -> tuple[str, str, int]:
    """An error's kind (of `errors`), message and exit code, as it crosses a socket."""
    kind = next(name for base in type(error).__mro__ if hasattr(errors, name := base.__name__))
    return kind, str(error), getattr(error, "exit_code", 0)


def unpack_error(kind: str, message: str, exit_code: int = 0) -> errors.PydockError:
    """The same error on the other side; a kind that is unknown there is Internal."""
    if kind == "StartFailed":
        return errors.StartFailed(message, exit_code)
    found = getattr(errors, kind, None)
    if isinstance(found, type) and issubclass(found, errors.PydockError):
        return found(message)
    return errors.Internal(message)
