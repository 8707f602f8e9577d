"""A real dockerd of one's own, in its own network namespace, for side-by-side figures."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLIENT = "/usr/bin/docker"
_START_SECONDS = 60.0


def installed() -> str | None:
    """Say what is missing for a comparison, or None."""
    for program in ("dockerd", CLIENT, "unshare"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: docker.io)"
    return None


def version() -> str:
    """The daemon's version number."""
    words = subprocess.run(
        ["dockerd", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    return words[2].rstrip(",")


@contextmanager
def running() -> Iterator[str]:
    """Run dockerd below a temporary directory; yields its address for DOCKER_HOST."""
    directory = Path(tempfile.mkdtemp(prefix="bench-dockerd-"))
    address = directory / "docker.sock"
    daemon = (
        f"ip link set lo up && exec dockerd --data-root {directory}/data --exec-root {directory}/exec "
        f"--pidfile {directory}/pid -H unix://{address} --default-ulimit nofile=20000:20000"
    )
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", daemon],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        _wait(address, process, directory)
        yield f"unix://{address}"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(directory, ignore_errors=True)


def _wait(address: Path, process: subprocess.Popen[bytes], directory: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(address))
            except OSError:
                time.sleep(0.2)
            else:
                return
    tail = (directory / "log").read_text(errors="replace").splitlines()[-5:]
    raise RuntimeError("dockerd did not start:\n" + "\n".join(tail))
