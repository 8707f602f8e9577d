"""Faces as processes of their own, on a state root that a test owns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Faces:
    """Command lines and workstations that share one state root below `directory`."""

    directory: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            "PYDOCK_ROOT": str(self.directory / "root"),
            "PYDOCK_RUN": str(self.directory / "run"),
            "LANG": "C.UTF-8",
            "COLORTERM": "truecolor",
        }

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start `pydock` with these arguments, its output in pipes."""
        return subprocess.Popen(
            [BIN / "pydock", *arguments],
            env=self.environment, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `pydock` to its end; fails with what it printed unless `check` is off."""
        done = subprocess.run(
            [BIN / "pydock", *arguments], env=self.environment, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=_PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"pydock {arguments}: {done.returncode}\n{done.stderr}"
        return done

    def output(self, *arguments: str) -> str:
        return self.run(*arguments).stdout.strip()

    def inspect(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output("inspect", name))[0]
        return found

    def clear(self) -> None:
        """Remove every container."""
        identities = self.output("ps", "-aq", "--no-trunc").split()
        if identities:
            self.run("rm", "-f", "-v", *identities)


@contextmanager
def faces(directory: Path) -> Iterator[Faces]:
    """Faces on a fresh state root; their containers are removed afterwards."""
    found = Faces(directory)
    try:
        yield found
    finally:
        found.clear()


def children(pid: int) -> list[int]:
    """Process ids of a process's children, [] when it is gone."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        texts = [Path(f"/proc/{pid}/task/{task}/children").read_text() for task in tasks]
    except OSError:
        return []
    return [int(word) for text in texts for word in text.split()]
