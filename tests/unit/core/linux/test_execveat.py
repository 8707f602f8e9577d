"""Programs in sealed memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydock.core.linux.execveat import execveat, sealed_memfd


def test_sealed_file_cannot_be_changed_by_any_way() -> None:
    fd = sealed_memfd("x", b"content")
    with pytest.raises(OSError, match="not permitted"):
        os.pwrite(fd, b"y", 0)
    with pytest.raises(OSError, match="not permitted"):
        os.ftruncate(fd, 0)
    with (
        pytest.raises(OSError, match="not permitted"),
        open(f"/proc/self/fd/{fd}", "r+b", buffering=0) as again,
    ):
        again.write(b"y")
    os.close(fd)


def test_program_runs_from_memory_with_arguments_and_environment() -> None:
    fd = sealed_memfd("busybox", Path("/usr/bin/busybox").read_bytes())
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        execveat(fd, ["sh", "-c", 'echo "$A $0"', "zero"], ["A=b"])
    os.close(writing)
    assert os.read(reading, 100) == b"b zero\n"
    os.waitpid(pid, 0)
    for left in (reading, fd):
        os.close(left)
