"""Tests of progress drawn on a terminal and elsewhere."""

from __future__ import annotations

import io

from pydock.core.cli.bars import Bars
from pydock.core.schema.images import Progress, ProgressDetail


def step(status: str, identity: str = "", total: int = 0) -> Progress:
    detail = ProgressDetail(current=1, total=total) if total else None
    drawn = f"[=>  ]  1B/{total}B" if total else ""
    return Progress(status=status, id=identity, progress_detail=detail, progress=drawn)


class Terminal(io.StringIO):
    """A file that says that it is a terminal of unknown size."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return -1


def test_without_a_terminal_bars_are_left_out() -> None:
    out = io.StringIO()
    bars = Bars(out)
    for each in (step("Pulling fs layer", "a"), step("Downloading", "a", 9), step("Pull complete", "a")):
        bars.show(each)
    assert out.getvalue() == "a: Pulling fs layer\na: Pull complete\n"


def test_on_a_terminal_each_layer_keeps_its_line() -> None:
    out = Terminal()
    bars = Bars(out)
    bars.show(step("Pulling from x", "latest"))
    bars.show(step("Pulling fs layer", "a"))
    bars.show(step("Pulling fs layer", "b"))
    bars.show(step("Downloading", "a", 9))
    bars.show(step("Digest: x"))
    assert out.getvalue() == (
        "latest: Pulling from x\na: Pulling fs layer\nb: Pulling fs layer\n"
        "\x1b[2A\r\x1b[2Ka: Downloading [=>  ]  1B/9B\r\x1b[2B"
        "Digest: x\n"
    )


def test_what_a_registry_says_moves_no_cursor() -> None:
    out = io.StringIO()
    Bars(out).show(step("bad\x1b[2Jthing"))
    assert "\x1b" not in out.getvalue()
