"""A worker for tests that need no spawner: a fresh process that changes its root and runs one function."""

from __future__ import annotations

import asyncio
import json
import marshal
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydock.core import errors
from pydock.core.rootfs import Rootfs

_PROGRAM = """
import importlib, json, marshal, os, sys
request = marshal.loads(os.read(0, 1 << 24))
module, name = request["function"].split(":")
function = getattr(importlib.import_module(module), name)
from pydock.core.errors import PydockError
if request["root"]:
    os.unshare(os.CLONE_NEWNS) if hasattr(os, "unshare") else None
    os.chroot(request["root"])
    os.chdir("/")
def tell(message):
    os.write(1, json.dumps(message).encode() + b"\\n")
try:
    tell({"result": function(request["args"], request["fds"], lambda p: tell({"progress": p}))})
except PydockError as err:
    tell({"error": type(err).__name__, "message": str(err)})
"""


async def work(
    function: str,
    args: Mapping[str, Any],
    fds: Sequence[int] = (),
    root: str | None = None,
    overlay: Rootfs | None = None,
    progress: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Stand in for `Runtime.work`, without a namespace of its own."""
    assert overlay is None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=list(fds),
    )
    request = {"function": function, "args": dict(args), "fds": list(fds), "root": root}
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(marshal.dumps(request))
        await process.stdin.drain()
        process.stdin.close()
        async for line in process.stdout:
            message = json.loads(line)
            if "progress" in message and progress is not None:
                progress(message["progress"])
            elif "error" in message:
                raise getattr(errors, message["error"])(message["message"])
            elif "result" in message:
                return dict(message["result"])
        raise errors.Internal(f"worker ended: {os.fsdecode(function)}")
    finally:
        if process.returncode is None:
            process.stdin.close()
            try:
                process.kill()
            except ProcessLookupError:
                pass
        await process.wait()
        # The transport would otherwise be closed by the collector, after the loop.
        process._transport.close()  # type: ignore[attr-defined]
