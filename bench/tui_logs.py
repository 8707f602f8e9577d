"""What the log panes cost: CPU a line appended, CPU a frame of six panes, memory of a million lines.

Run `python bench/tui_logs.py`; it prints one JSON object. CPU time, not wall time, so that a loaded machine
measures the same.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import Grid

from pydock.tui.logs.filter import Filter
from pydock.tui.logs.store import LogStore
from pydock.tui.logs.view import LineView
from pydock.tui.terminal.backend import make
from pydock.tui.widgets.logpane import LogPane

LINE = (
    b"2026-11-25T01:02:%02d.%09dZ \x1b[32mINFO\x1b[0m request %d handled in 12ms status=%d "
    b"path=/api/v1/things/%d user=someone@example.org agent=curl/8\n"
)


def chunks(lines: int, size: int) -> Iterable[bytes]:
    for start in range(0, lines, size):
        yield b"".join(
            LINE % (n // 10_000 % 60, n, n, 500 if n % 97 == 0 else 200, n * 7)
            for n in range(start, start + size)
        )


def append(lines: int, size: int) -> float:
    """CPU microseconds a line, in chunks of `size` lines."""
    data = list(chunks(lines, size))
    store = LogStore()
    began = time.process_time()
    for chunk in data:
        store.feed(1, chunk)
    return (time.process_time() - began) / lines * 1e6


def resident() -> float:
    """Megabytes of memory in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def million() -> dict[str, float]:
    """Memory of a million lines, and what a filter and a search over all of them take."""
    gc.collect()
    before = resident()
    store = LogStore(max_lines=2_000_000, max_bytes=1 << 30)
    for chunk in chunks(1_000_000, 100):
        store.feed(1, chunk)
    grown = resident() - before
    took: dict[str, float] = {}
    for name, wanted in (("literal", Filter("status=500")), ("regex", Filter(r"status=5\d\d", regex=True))):
        view = LineView(store, wanted)
        began = time.process_time()
        while view.update():
            pass
        took[f"filter_million_{name}_s"] = round(time.process_time() - began, 2)
    took["million_lines_rss_mb"] = round(grown, 1)
    took["million_lines_stored_mb"] = round(store.stored / 1e6, 1)
    return took


class Flood:
    """A log whose lines are fed by hand."""

    color = ""

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        await asyncio.Event().wait()
        yield 1, b""

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        return
        yield 1, b""


class Six(App[None]):
    CSS = "Grid { grid-size: 3 2; }"

    def compose(self) -> ComposeResult:
        self.panes = [LogPane(Flood(f"web-{n}")) for n in range(6)]
        yield Grid(*self.panes)


async def frames(count: int = 40, lines: int = 1000, filter: Filter | None = None) -> dict[str, float]:
    """CPU milliseconds of one frame of six panes, each with `lines` new lines, painted on 200x50."""
    app = Six()
    data = list(chunks(lines * count, lines))
    took = []
    async with app.run_test(size=(200, 50)) as pilot:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        if filter is not None:
            for pane in app.panes:
                pane.model.set_filter(filter)
        for chunk in data:
            for pane in app.panes:
                pane.stores[0].feed(1, chunk)
            began = time.process_time()
            for pane in app.panes:
                pane.model.update()
            for pane in app.panes:
                pane.canvas.render_lines(pane.canvas.size.region)
            took.append((time.process_time() - began) * 1000)
        await pilot.pause()
    took.sort()
    return {"p50": round(took[len(took) // 2], 1), "p90": round(took[len(took) * 9 // 10], 1)}


def emulator(kind: str) -> float:
    """MB of coloured log a CPU second."""
    backend = make(kind, 120, 40)
    data = b"".join(chunks(3000, 100)).replace(b"\n", b"\r\n")
    data = data if kind == "bittty" else data * 30
    began = time.process_time()
    for at in range(0, len(data), backend.chunk):
        backend.feed(data[at : at + backend.chunk])
    return round(len(data) / (time.process_time() - began) / 1e6, 2)


def main() -> None:
    result: dict[str, object] = {
        **million(),
        "append_us_chunks_of_100": round(append(200_000, 100), 2),
        "append_us_single_lines": round(append(100_000, 1), 2),
        "six_panes_frame_ms": asyncio.run(frames()),
        "six_panes_frame_filtered_ms": asyncio.run(frames(filter=Filter("status=500"))),
        "bittty_mb_s": emulator("bittty"),
    }
    try:
        result["ghostty_mb_s"] = emulator("ghostty")
    except ImportError:
        pass
    json.dump(result, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
