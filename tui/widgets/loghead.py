"""The line above a log: who speaks in a merge, or the names of the columns."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..logs.model import LogModel
from .palette import Palette


class LogHead(Widget):
    """Hidden while there is nothing to say; a click on a source mutes it or lets it be heard."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogHead { height: 1; display: none; }"

    class Clicked(Message):
        """A source of the legend was clicked."""

        def __init__(self, source: int) -> None:
            super().__init__()
            self.source = source

    def __init__(self) -> None:
        super().__init__()
        self._heading = ""
        self._legend: list[tuple[str, str, bool]] = []
        self._palette: Palette | None = None

    def show(self, model: LogModel, colors: list[str]) -> None:
        """Show the model's columns, else its sources."""
        heading = model.heading()
        muted = model.filter.muted
        legend = [
            (name, color, at in muted)
            for at, (name, color) in enumerate(zip(model.names, colors, strict=False))
        ]
        if (heading, legend) != (self._heading, self._legend):
            self._heading, self._legend = heading, legend
            self.display = bool(heading or len(legend) > 1)
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None

    def on_click(self, event: events.Click) -> None:
        at = 1
        for source, (name, _, _) in enumerate(self._legend):
            size = cell_len(_label(source, name))
            if at <= event.x < at + size and not self._heading:
                self.post_message(self.Clicked(source))
            at += size + 2

    def render_line(self, y: int) -> Strip:
        palette = self._palette = self._palette or Palette(self)
        width = self.size.width
        segments = [Segment(" ", palette.base)]
        if self._heading:
            segments.append(Segment(self._heading, palette.tone("dim") + Style(bold=True)))
        else:
            for source, (name, color, muted) in enumerate(self._legend):
                style = palette.tone("faint") + Style(strike=True) if muted else palette.color(color)
                segments += [Segment(_label(source, name), style), Segment("  ", palette.base)]
        return Strip(segments).adjust_cell_length(width, palette.base)


def _label(source: int, name: str) -> str:
    return f"{source + 1} {name}"
