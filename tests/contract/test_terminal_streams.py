"""Real programs, recorded once (terminal_streams/record.py): every emulator shows what tmux showed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from pydock.tui.terminal.backend import TerminalBackend, make, row_text

STREAMS = Path(__file__).parent / "terminal_streams"
NAMES = sorted(path.stem for path in STREAMS.glob("*.raw"))
KINDS = ("bittty", "ghostty")


def screen(backend: TerminalBackend) -> list[str]:
    list(backend.dirty())
    return [row_text(backend, y) for y in range(backend.rows)]


def test_the_programs_are_there() -> None:
    assert {"bash", "less", "top", "vim"} <= set(NAMES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [4096, 7])
@pytest.mark.parametrize("name", NAMES)
def test_program(name: str, kind: str, size: int) -> None:
    if kind == "ghostty":
        pytest.importorskip("pyghostty", reason="the wheel is an extra")
    recorded: dict[str, Any] = json.loads((STREAMS / f"{name}.json").read_text())
    data = (STREAMS / f"{name}.raw").read_bytes()
    backend = make(kind, recorded["columns"], recorded["rows"])
    done = 0
    try:
        for number, point in enumerate(recorded["points"]):
            while done < point["bytes"]:
                step = data[done : min(done + size, point["bytes"])]
                backend.feed(step)
                done += len(step)
            assert screen(backend) == point["screen"], f"step {number}"
            cursor = backend.cursor()
            assert cursor.visible == (point["cursor"] is not None), f"step {number}"
            if cursor.visible:
                # At the right margin tmux counts one column more until the next character wraps.
                x, y = min(point["cursor"][0], backend.columns - 1), point["cursor"][1]
                assert (cursor.x, cursor.y) == (x, y), f"step {number}"
            assert all(
                sum(cell_len(text) for text, _ in backend.row(y)) == backend.columns
                for y in range(backend.rows)
            )
    finally:
        backend.close()
