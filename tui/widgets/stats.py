"""The Stats tab: graphs of CPU, memory, network and disk of one container, with the numbers of now."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..rows.stats import History, rates
from ..text import Glyphs, percent, size
from . import graph
from .paint import Paint

MEGABYTE = 1024 * 1024
Chart = tuple[str, str, str, list[float], float]


class StatsView(Widget, can_focus=True):
    """Draws a `History`; empty when it has none, with the reason."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self.host_memory = 0
        self._history: History | None = None
        self._empty = ""
        self._paint: Paint | None = None

    def show(self, history: History | None, empty: str = "") -> None:
        """Draw this history as it is now; `empty` says why there is nothing to draw."""
        self._history, self._empty = history, empty
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._paint = None

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._paint is None:
            self._paint = Paint(self)
        paint, width = self._paint, self.size.width
        lines = self._lines(paint)
        blank = Strip([Segment(" " * width, paint.base)], width)
        shown = [lines[y] if y < len(lines) else blank for y in range(crop.y, crop.bottom)]
        return [line.adjust_cell_length(width, paint.base).crop(crop.x, crop.right) for line in shown]

    def _lines(self, paint: Paint) -> list[Strip]:
        history = self._history
        if history is None or not history.samples:
            return [
                Strip(
                    [
                        Segment(
                            f" {self._empty or 'waiting for the first sample'}",
                            paint.base + paint.tone("dim"),
                        )
                    ]
                )
            ]
        charts = self._charts(history)
        columns = 2 if self.size.width >= 70 else 1
        rows = -(-len(charts) // columns)
        height = max((self.size.height - rows) // rows - 1, 1)
        width = (self.size.width - 2 - (columns - 1) * 3) // columns
        lines: list[Strip] = []
        for start in range(0, len(charts), columns):
            drawn = [self._chart(chart, width, height, paint) for chart in charts[start : start + columns]]
            for parts in zip(*drawn, strict=True):
                lines.append(_beside(parts, paint.base))
            lines.append(Strip([]))
        return lines

    def _charts(self, history: History) -> list[Chart]:
        samples = list(history.samples)
        last = samples[-1]
        cpu = [s.cpu or 0.0 for s in samples]
        memory = [float(s.memory) for s in samples]
        limit = f" of {size(last.limit).strip()}" if 0 < last.limit < (self.host_memory or 1 << 50) else ""
        received, sent = rates(samples, "received"), rates(samples, "sent")
        disk = [a + b for a, b in zip(rates(samples, "read"), rates(samples, "written"), strict=True)]
        return [
            ("CPU", percent(last.cpu).strip(), f"{last.pids} process{'es' * (last.pids != 1)}", cpu, 10.0),
            (
                "MEMORY",
                size(last.memory).strip() + limit,
                f"peak {size(max(memory)).strip()}",
                memory,
                MEGABYTE,
            ),
            ("NET IN", _rate(received), f"{size(last.received).strip()} in all", received, 1024.0),
            ("NET OUT", _rate(sent), f"{size(last.sent).strip()} in all", sent, 1024.0),
            (
                "DISK",
                _rate(disk),
                f"{size(last.read).strip()} read, {size(last.written).strip()} written",
                disk,
                1024.0,
            ),
        ]

    def _chart(self, chart: Chart, width: int, height: int, paint: Paint) -> list[list[Segment]]:
        title, now, more, values, least = chart
        top = graph.ceiling(values, least)
        draw = graph.braille if self._glyphs.unicode else graph.plain
        tone = paint.base + paint.tone("accent" if title.startswith("NET") else "running")
        dim = paint.base + paint.tone("dim")
        scale = percent(top).strip() if title == "CPU" else size(top).strip()
        room = max(width - len(title) - len(now) - len(scale) - 2, 0)
        head = [
            Segment(f"{title} ", dim),
            Segment(now, paint.base + paint.tone("text") + Style(bold=True)),
            Segment(f" {more}"[:room].ljust(room) + " ", dim),
            Segment(scale, paint.base + paint.tone("faint")),
        ]
        return [head, *[[Segment(line, tone)] for line in draw(values, width, height, top)]]


def _rate(values: Sequence[float]) -> str:
    return f"{size(values[-1] if values else 0).strip()}/s"


def _beside(parts: Sequence[list[Segment]], base: Style) -> Strip:
    segments = [Segment(" ", base)]
    for number, part in enumerate(parts):
        if number:
            segments.append(Segment("   ", base))
        segments.extend(part)
    return Strip(segments)
