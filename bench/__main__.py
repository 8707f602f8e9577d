"""`make bench`: run all measurements, print them as a table, write bench/results.json and docs/bench.md."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from pathlib import Path

from . import dockerd, sizes, starts
from .machines import machines
from .measure import Figure

_HERE = Path(__file__).parent
_RESULTS = _HERE / "results.json"
_PAGE = _HERE.parent / "docs" / "bench.md"


async def _measure(with_dockerd: bool) -> list[Figure]:
    figures = []
    async with machines(with_dockerd) as both:
        for subject in (starts, sizes):
            async for figure in subject.figures(both):
                print(_row(figure), flush=True)
                figures.append(figure)
    return figures


def _row(figure: Figure) -> str:
    theirs = "" if figure.their_median is None else f"{figure.their_median:.1f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}"
    aim = "" if figure.aim is None else f"{figure.aim:g}"
    return f"| {figure.name} ({figure.unit}) | {figure.median:.1f} | {theirs} | {ratio} | {aim} |"


def _page(figures: list[Figure], machine: str) -> str:
    head = (
        "# How fast\n\nWritten by `make bench`: medians, pydock and dockerd in turn in the same run. "
        f"{machine}.\n\n| what | pydock | dockerd | times | aim |\n| --- | ---: | ---: | ---: | ---: |\n"
    )
    return head + "\n".join(map(_row, figures)) + "\n"


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("make bench starts containers: run it as root")
    missing = dockerd.installed()
    if missing:
        print(f"without a dockerd beside: {missing}")
    figures = asyncio.run(_measure(missing is None))
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    machine += "" if missing else f", dockerd {dockerd.version()}"
    record = {"machine": machine, "figures": [figure.record() for figure in figures]}
    _RESULTS.write_text(json.dumps(record, indent=1) + "\n")
    _PAGE.write_text(_page(figures, machine))


main()
