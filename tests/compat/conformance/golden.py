"""Docker's own command line against recordings of real dockerds: golden.sh, probe by probe.

The newest command line is compared with dockerd 28.5.2. An older one prints many things its own way, and what
it shows of a dockerd was not recorded: it is right where it shows what the newer one did with either dockerd,
its habits apart, and what is left is told, not counted.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from . import images
from .daemon import Daemon
from .verdict import Verdict

_REFERENCES = ("dockerd-28.5.2", "dockerd-20.10.24")
_BOUND_S = 900
# Where things lie and what the bridge is called is an engine's own affair.
_OWN = (
    (re.compile(r'("(?:LowerDir|UpperDir|MergedDir|WorkDir|SandboxKey)": )"[^"]*"'), r'\1"<PLACE>"'),
    (re.compile(r"\b(?:docker|pydock)0\b"), "<BRIDGE>"),
)
# How older command lines say the same.
_HABITS = (
    (re.compile(r"^(docker: )?(Error response from daemon|Error): ", re.M), "Error: "),
    (re.compile(r"\.$", re.M), ""),
    (re.compile(r"^\n?(See|Run) 'docker \w+ --help'.*\n", re.M), ""),
)
_ABSENT = "there is no containerd, no CDI directory and no mirror here"
# Differences that are meant, or that only building images can take away.
_MEANT = {
    "build-": "images are not built yet",
    "image-inspect": "the image stands in for a built one: other layers",
    "history": "the image stands in for a built one: other steps",
    "images": "the image stands in for a built one: fewer names",
    "save-load": "the image stands in for a built one: fewer layers",
    "rmi-in-use": "the image stands in for a built one: fewer parents",
    "info-shape": _ABSENT,
    "api-list-shapes": f"{_ABSENT}; networks are in order of age",
    "stats-api-shape": "the kernel's own counters: another kernel",
    "network-dns": "no name server answers in the namespace of the judged daemon",
    "port-conflict": "the message also names the container that has the port",
    "api-ping": "Builder-Version is 1: there is no BuildKit",
}
_BUILD_STAND_IN = """#!/bin/sh
# `docker build` for an engine that can't: the image that the probe would have made is loaded.
[ "$1" = build ] || exec {docker} "$@"
case "$*" in
*golden:3*) exec {docker} load -qi {place}/golden3.tar ;;
*golden:4*) exec {docker} load -qi {place}/golden4.tar ;;
*golden:1*) exec {docker} load -qi {place}/golden1.tar ;;
esac
exit 1
"""


def command_lines() -> list[tuple[str, Path]]:
    """Find the docker command lines on the PATH: version and path, newest first."""
    found: dict[str, Path] = {}
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(directory or ".") / "docker"
        if os.access(path, os.X_OK):
            told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
            version = re.search(r"\d+\.\d+\.\d+", told.stdout)
            if version:
                found.setdefault(version[0], path)
    return sorted(found.items(), key=lambda item: tuple(map(int, item[0].split("."))), reverse=True)


def judge(conformance: Path, version: str, docker: Path, daemon: Daemon, newest: bool) -> Iterator[Verdict]:
    """Run all probes and compare what they wrote."""
    name = f"docker CLI {version}"
    environment = {**daemon.environment, "PATH": f"{_stand_in(docker, daemon)}:{os.environ['PATH']}"}
    written = daemon.place / "golden"
    subprocess.run(
        ["bash", conformance / "golden.sh", daemon.host, written],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_BOUND_S,
        check=False,
    )
    references = [conformance / "golden" / each for each in (_REFERENCES[:1] if newest else _REFERENCES)]
    for expected in sorted(references[0].glob("*.txt")):
        verdict = _compare(
            name, expected.name, [each / expected.name for each in references], written, newest
        )
        if verdict.outcome == "fail" and not newest:
            verdict = replace(verdict, outcome="other", why=f"not recorded: {verdict.why}")
        yield verdict


def _stand_in(docker: Path, daemon: Daemon) -> Path:
    place = daemon.place / "bin"
    place.mkdir()
    for number, archive in (
        ("1", images.golden(["golden:1", "golden:2"], "world", {})),
        ("3", images.golden(["golden:3"], "me", {})),
        ("4", images.golden(["golden:4"], "world", {"x": "y"})),
    ):
        (place / f"golden{number}.tar").write_bytes(archive)
    program = place / "docker"
    program.write_text(_BUILD_STAND_IN.format(docker=docker, place=place))
    program.chmod(0o755)
    return place


def _compare(judge: str, file: str, expected: list[Path], written: Path, newest: bool) -> Verdict:
    name = file.removesuffix(".txt")
    try:
        shown = _normal(written / file, newest)
    except FileNotFoundError:
        return Verdict(judge, name, "fail", "the probe was not reached")
    wanted = [_normal(path, newest) for path in expected if path.exists()]
    if shown in wanted:
        return Verdict(judge, name, "pass")
    probe = name.partition("-")[2]
    for beginning, why in _MEANT.items():
        if probe.startswith(beginning):
            return Verdict(judge, name, "other", why)
    return Verdict(judge, name, "fail", _first_difference(wanted[0], shown))


def _normal(path: Path, newest: bool) -> list[str]:
    text = path.read_text(errors="replace")
    for pattern, common in _OWN if newest else (*_OWN, *_HABITS):
        text = pattern.sub(common, text)
    return text.splitlines()


def _first_difference(wanted: list[str], shown: list[str]) -> str:
    missing = next((line for line in wanted if line not in shown), "")
    extra = next((line for line in shown if line not in wanted), "")
    if not missing and not extra:
        return "the same lines in another order"
    return f"dockerd: {missing.strip()!r}, here: {extra.strip()!r}"
