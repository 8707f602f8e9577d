"""Unpacking in tests: a process that forks a child with a changed root for each archive."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMITS = {"layer_bytes": 1 << 30, "layer_entries": 100_000, "path_depth": 255}

_SERVER = """
import json, os, sys
from pydock.core.images import unpack
from pydock.core.errors import PydockError
for line in sys.stdin:
    job = json.loads(line)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        archive = os.open(job["archive"], os.O_RDONLY)
        os.chroot(job["root"]); os.chdir("/")
        try:
            answer = unpack.extract(job["args"], [archive], lambda news: None)
        except PydockError as err:
            answer = {"error": type(err).__name__, "message": str(err)}
        except BaseException as err:
            answer = {"error": "crash", "message": repr(err)}
        os.write(writer, json.dumps(answer).encode()); os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        print(answers.read().decode(), flush=True)
    os.waitpid(child, 0)
"""


@dataclass(frozen=True)
class Job:
    archive: Path
    root: Path
    whiteouts: str = "overlay"
    diff_id: str = ""
    limits: tuple[tuple[str, int], ...] = tuple(LIMITS.items())


def unpack_all(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Run the extractor once a job; each answer is its result, or `error` and `message`."""
    lines = [
        json.dumps(
            {
                "archive": str(job.archive),
                "root": str(job.root),
                "args": {"whiteouts": job.whiteouts, "diff_id": job.diff_id, "limits": dict(job.limits)},
            }
        )
        for job in jobs
    ]
    done = subprocess.run(
        [sys.executable, "-c", _SERVER], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def unpack(archive: Path, root: Path, whiteouts: str = "overlay", **limits: int) -> dict[str, Any]:
    root.mkdir(exist_ok=True)
    (answer,) = unpack_all([Job(archive, root, whiteouts, "", tuple({**LIMITS, **limits}.items()))])
    return answer


def picture(root: Path, times: bool = True) -> dict[bytes, tuple[Any, ...]]:
    """All that can be told of a tree: type, mode, owner, content, link, device, attributes, inode sharing."""
    found: dict[bytes, tuple[Any, ...]] = {}
    inodes: dict[int, bytes] = {}
    base = os.fsencode(root)
    for directory, names, files in os.walk(base):
        for name in [b"", *names, *files]:
            path = os.path.join(directory, name).rstrip(b"/")
            if path in found or (name == b"" and path != base and path in found):
                continue
            status = os.lstat(path)
            shared = b""
            if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                shared = inodes.setdefault(status.st_ino, path[len(base) :])
            content: Any = b""
            if stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            attributes = {
                key: os.getxattr(path, key, follow_symlinks=False)
                for key in os.listxattr(path, follow_symlinks=False)
            }
            found[path[len(base) :]] = (
                oct(status.st_mode),
                status.st_uid,
                status.st_gid,
                status.st_rdev if not stat.S_ISREG(status.st_mode) else 0,
                status.st_mtime_ns if times else 0,
                content,
                tuple(sorted(attributes.items())),
                shared,
            )
    return found
