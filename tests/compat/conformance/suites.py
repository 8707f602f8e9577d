"""Other projects' own tests, from checkouts that somebody names, compared with a real dockerd one by one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .daemon import Daemon
from .verdict import Verdict

_BOUND_S = 3000


@dataclass(frozen=True)
class Suite:
    """`variable` names a checkout; `script` runs it; `baseline` is what a real dockerd passed."""

    name: str
    variable: str
    script: str
    baseline: str


SUITES = (
    Suite("docker-py", "DOCKER_PY", "docker_py.sh", "docker_py-7.2.0.on-28.5.2.tsv"),
    Suite("python-on-whales", "PYTHON_ON_WHALES", "pow.sh", "python-on-whales-0.81.on-20.10.tsv"),
    Suite("testcontainers-python", "TESTCONTAINERS", "testcontainers.sh", "testcontainers-4.15.on-20.10.tsv"),
    Suite("dockerode", "DOCKERODE", "dockerode.sh", "dockerode-5.0.1.on-20.10.tsv"),
)


def judge(conformance: Path, suite: Suite, daemon: Daemon) -> Iterator[Verdict]:
    """Run a suite where its checkout is; one verdict for each test that a real dockerd passes."""
    checkout = os.environ.get(suite.variable)
    if not checkout:
        yield Verdict(suite.name, "all", "skip", f"no checkout of it is named by {suite.variable}")
        return
    log = daemon.place / f"{suite.name}.log"
    with log.open("wb") as output:
        subprocess.run(
            ["bash", conformance / suite.script, checkout],
            env=daemon.environment, stdout=output, stderr=subprocess.STDOUT, timeout=_BOUND_S, check=False,
        )  # fmt: skip
    found = subprocess.run(
        [sys.executable, conformance / "results.py", log], capture_output=True, text=True, check=True
    )
    ours = dict(line.rsplit("\t", 1) for line in found.stdout.splitlines() if "\t" in line)
    for line in (conformance / "baseline" / suite.baseline).read_text().splitlines():
        name, _, outcome = line.rpartition("\t")
        if outcome == "PASS":
            got = ours.get(name, "not run")
            yield Verdict(suite.name, name, "pass" if got == "PASS" else "fail", "" if got == "PASS" else got)
