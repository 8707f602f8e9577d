"""Functions that the worker tests run inside a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from pydock.core.errors import Conflict, StartFailed

Report = Callable[[Any], None]


def echo(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    report({"step": 1})
    report({"step": 2})
    return {"args": args, "pid": os.getpid(), "zstd": len(zstandard.compress(b"x" * 1000))}


def copy(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    data = os.read(fds[0], 1000)
    os.write(fds[1], data.upper())
    return {}


def look(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    """What a worker finds around itself."""
    status = Path("/proc/self/status")
    return {
        "root": sorted(os.listdir("/")),
        "parent": sorted(os.listdir("/..")),
        "link": os.path.exists("/escape/etc/hostname"),
        "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")) if status.exists() else [],
        "capabilities": next(
            (line.split()[1] for line in status.read_text().splitlines() if line.startswith("CapEff")), ""
        )
        if status.exists()
        else "",
    }


def write(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    for name, text in args.items():
        Path(name).write_text(text)
    os.mkdir("/opaque")
    os.setxattr("/opaque", "trusted.overlay.opaque" if args.get("raw") else "user.test", b"y")
    os.chown("/opaque", 1234, 1234)
    return {}


def late_import(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    try:
        import planted  # type: ignore[import-not-found]
    except ImportError as err:
        return {"refused": str(err)}
    return {"imported": planted.__file__}


def late_codec(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    try:
        return {"decoded": b"x".decode("planted")}
    except LookupError:
        return {"refused": True}


def fail(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    match args["how"]:
        case "conflict":
            raise Conflict("taken")
        case "start":
            raise StartFailed("no", 127)
        case "os":
            raise FileNotFoundError(2, "No such file or directory", "/some/where")
        case "bug":
            raise ValueError("wrong")
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    return {}


def wait(args: dict[str, Any], fds: list[int], report: Report) -> dict[str, Any]:
    report({"pid": os.getpid()})
    threading.Event().wait()
    return {}
