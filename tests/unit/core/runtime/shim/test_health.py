"""What follows from the exit codes of a health check."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import pytest

from pydock.core.runtime.shim.health import LONGEST_OUTPUT, Condition, Probe, read


@pytest.mark.parametrize(
    ("codes", "early", "status", "streak"),
    [
        ((), False, "starting", 0),
        ((0,), False, "healthy", 0),
        ((1, 1), False, "starting", 2),
        ((1, 1, 1), False, "unhealthy", 3),
        ((-1, 137, 2), False, "unhealthy", 3),
        ((0, 1, 1), False, "healthy", 2),
        ((0, 1, 1, 1), False, "unhealthy", 3),
        ((1, 1, 1, 0), False, "healthy", 0),
        ((1, 1, 1, 1), True, "starting", 0),
        ((0, 1, 1, 1), True, "unhealthy", 3),
    ],
)
def test_condition_follows_the_exit_codes(
    codes: tuple[int, ...], early: bool, status: str, streak: int
) -> None:
    condition = reduce(lambda c, code: c.after(code, 3, in_start_period=early), codes, Condition())
    assert (condition.status, condition.streak) == (status, streak)


def test_output_is_cut() -> None:
    probe = Probe()
    probe.take(1, b"a" * (LONGEST_OUTPUT - 1))
    probe.take(2, b"b")
    assert probe.text() == "a" * (LONGEST_OUTPUT - 1) + "b"
    probe.take(1, b"c")
    assert probe.text() == "a" * (LONGEST_OUTPUT - 1) + "b..."


def test_no_results_before_the_first_probe(tmp_path: Path) -> None:
    assert read(str(tmp_path)) == []
