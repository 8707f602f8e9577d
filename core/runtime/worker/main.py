"""A worker's process: one function, then the end."""

from __future__ import annotations

import importlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from ...errors import Internal, NoSpace, PydockError, Unsupported
from ...linux import descriptors as fds
from ...linux import prctl
from ...rootfs import Occupied, View
from .. import wire
from . import confine

Function = Callable[[dict[str, Any], list[int], Callable[[Any], None]], dict[str, Any]]


def run(channel: socket.socket) -> None:
    """Do what the engine at `channel` asks, and answer."""
    prctl.set_name("pydock-worker")
    wire.send(channel, ("hello", os.getpid()))
    message, given = wire.receive(channel)
    try:
        function = _load(message["function"])
        root: View | None = wire.decode(message["root"])
        fds.close_all_but([channel.fileno(), *given])
        if root is not None:
            confine.enter(root, given.pop() if isinstance(root, Occupied) else -1)
            confine.close_imports()
        confine.drop()
        threading.Thread(target=_die_with_caller, args=(channel.fileno(),), daemon=True).start()
        result = function(message["args"], given, lambda news: wire.send(channel, ("progress", news)))
        answer: tuple[str, Any] = ("result", result)
    except PydockError as err:
        answer = ("error", wire.pack_error(err))
    except Exception as err:  # noqa: BLE001
        # A worker's whole life is one task: this is where its errors end, and the engine is told.
        answer = ("error", wire.pack_error(_told(message["function"], err)))
    wire.send(channel, answer)


def _load(name: str) -> Function:
    """Import "package.module:function", also what only the engine's path has."""
    sys.path.extend(entry for entry in sys.argv[3:] if entry not in sys.path)
    module, _, attribute = name.partition(":")
    try:
        function: Function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as err:
        raise Unsupported(f"worker: {err}") from err
    return function


def _told(name: str, err: Exception) -> PydockError:
    match err:
        case OSError(errno=28 | 122):
            return NoSpace("no space left on device" + _where(err))
        case OSError():
            return Internal(f"{name.rpartition(':')[2]}: {err.strerror or err}" + _where(err))
        case _:
            return Internal(f"{name}: {type(err).__name__}: {err} ({_place(err)})")


def _place(err: Exception) -> str:
    """The line that failed. A traceback would want source files, which are out of reach."""
    trace = err.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"


def _where(err: OSError) -> str:
    name = err.filename
    if name is None:
        return ""
    return f": {os.fsdecode(name)}" if isinstance(name, str | bytes) else f": {name}"


def _die_with_caller(channel: int) -> None:
    """Wait for the caller's end to close; it never writes after its request."""
    poll = select.poll()
    poll.register(channel, select.POLLRDHUP)
    poll.poll()
    os._exit(1)
