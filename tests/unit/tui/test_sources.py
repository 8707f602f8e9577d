from __future__ import annotations

import subprocess

from pydock.tui.sources import _seconds, find_shell


def test_the_first_shell_that_is_there_is_taken() -> None:
    command = find_shell(["no-such-shell-here", "sh"])
    result = subprocess.run(command, input="echo $0", capture_output=True, text=True, check=True)
    assert result.stdout.strip().endswith("sh")


def test_sh_is_the_last_resort() -> None:
    command = find_shell(["no-such-shell-here"])
    result = subprocess.run(command, input="echo here", capture_output=True, text=True, check=True)
    assert result.stdout == "here\n"


def test_nanoseconds_survive_as_decimal_seconds() -> None:
    assert _seconds(1_700_000_000_000_000_001) == "1700000000.000000001"
    assert _seconds(None) is None
