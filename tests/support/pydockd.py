"""The program pydockd as a process, for tests that bring clients of their own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = "from pydock.core.daemon import main; main()"
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Pydockd:
    """A running daemon; `log` is what it said."""

    socket: Path
    log: Path
    pid: int

    @property
    def host(self) -> str:
        return f"unix://{self.socket}"


@contextlib.contextmanager
def pydockd(place: Path, *flags: str) -> Iterator[Pydockd]:
    """Run a daemon with its state below `place`; what it made there is the caller's to take away."""
    sock, log = place / "d.sock", place / "pydockd.log"
    words = [
        "--data-root",
        str(place / "root"),
        "--exec-root",
        str(place / "run"),
        "-H",
        f"unix://{sock}",
        *flags,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", _PROGRAM, *words], stderr=output)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not sock.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"pydockd does not start: {log.read_text()}")
            time.sleep(0.05)
        yield Pydockd(sock, log, process.pid)
    finally:
        process.terminate()
        process.wait()
