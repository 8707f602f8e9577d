"""Draws a log model: exact-width strips, built anew only for rows that changed.

`render_lines` is overridden, so a frame costs neither Textual's style cache nor a crop per line. The last
column is the scroll bar with the map of hits; a scroll bar widget would be laid out and rendered every frame.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..logs.layout import CURRENT, HIT
from ..logs.model import ASCII_MARKS, LogModel, Marks
from ..logs.severity import Level
from ..logs.store import NOTE, STDERR
from ..logs.viewport import Row
from ..terminal.pen import Run
from ..text import UNICODE, Glyphs
from .palette import Palette

_CACHED = 1024
_WHEEL = 3


class LogCanvas(Widget, can_focus=True):
    """Shows `model`; the pane around it handles keys."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LogCanvas { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """The mouse moved the view."""

    class Dragged(Message):
        """Lines were selected with the mouse."""

    def __init__(self, model: LogModel, typed: Callable[[events.Key], Awaitable[None]]) -> None:
        """`typed` gets every key before it bubbles, so that keys typed ahead keep their order."""
        super().__init__()
        self.model = model
        self._typed = typed
        self.source_colors: list[str] = []
        self._palette: Palette | None = None
        self._drawn: OrderedDict[tuple[int, int, int, bool, int], list[Segment]] = OrderedDict()
        self._dragged = False
        self._pressed: int | None = None

    @property
    def glyphs(self) -> Glyphs:
        """The app's characters: its locale may know no others than ASCII."""
        return getattr(self.app, "glyphs", UNICODE)

    @property
    def separator(self) -> str:
        return f" {self.glyphs.dot} "

    def show(self, model: LogModel) -> None:
        """Draw another model from now on."""
        self.model = model
        model.marks = Marks() if self.glyphs.unicode else ASCII_MARKS
        self._drawn.clear()
        model.resize(self._text_width, self.size.height)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        self._drawn.clear()

    def on_resize(self, event: events.Resize) -> None:
        self.model.resize(max(1, event.size.width - 2), event.size.height)
        if self.model.selection is not None:
            self.model.viewport.show(self.model.selection[1])
        self._drawn.clear()

    async def on_key(self, event: events.Key) -> None:
        await self._typed(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        model, height = self.model, self.size.height
        total = len(model.view)
        if event.x == self.size.width - 1 and total:
            at = event.y * total // max(1, height)
            model.viewport.follow = event.y == height - 1
            model.viewport.anchor, model.viewport.sub = model.view.at(min(at, total - 1)), 0
            self.post_message(self.Moved())
        elif event.y == height - 1 and not model.viewport.follow and event.x >= self.size.width - 16:
            model.viewport.end()
            self.post_message(self.Moved())
        elif event.button == 1 and (id := self._line_at(event.y)) is not None:
            self._pressed, self._dragged = id, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed is None:
            return
        model = self.model
        if event.y < 0 or event.y >= self.size.height:
            model.viewport.scroll(-1 if event.y < 0 else 1)
        id = self._line_at(min(max(event.y, 0), self.size.height - 1))
        if id is not None and (self._dragged or id != self._pressed):
            self._dragged = True
            model.viewport.hold()
            model.selection = (self._pressed, id)
            self.post_message(self.Moved())

    def on_mouse_up(self, event: events.MouseUp) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            return
        self.release_mouse()
        if self._dragged:
            self.post_message(self.Dragged())
        elif not self.model.unfold(pressed):
            self.model.viewport.hold()
            self.model.selection = (pressed, pressed)
        self.post_message(self.Moved())

    def _line_at(self, y: int) -> int | None:
        rows = self.model.rows()
        return rows[y][0] if 0 <= y < len(rows) else None

    def render_lines(self, crop: Region) -> list[Strip]:
        palette = self._palette
        if palette is None:
            palette = self._palette = Palette(self)
        width, height = self.size
        model = self.model
        rows = model.rows()
        low, high = model.thumb(height)
        hits = model.hit_map(height)
        glyphs = self.glyphs
        bar = (
            (Segment(" ", palette.base), Segment(glyphs.thumb, palette.tone("faint"))),
            (
                Segment(glyphs.dot, palette.tone("match")),
                Segment("◆" if glyphs.unicode else "@", palette.tone("match")),
            ),
        )
        begun = model.unfinished()
        if begun is not None:
            rows = rows[1:] if len(rows) == height else rows
        strips = []
        for y in range(crop.y, crop.bottom):
            if y < len(rows):
                segments = self._segments(rows[y], palette)
            elif y == len(rows) and begun is not None:
                segments = [Segment(" ", palette.base), *self._text(begun, None, palette)]
            else:
                segments = [Segment(" " * (width - 1), palette.base)]
            if y == height - 1 and (below := model.viewport.below()):
                segments = self._badge(segments, f" {glyphs.down} {below:,} new ", palette)
            strips.append(Strip([*segments, bar[y in hits][low <= y < high]], width))
        if crop.x or crop.width != width:
            strips = [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    @property
    def _text_width(self) -> int:
        return max(1, self.size.width - 2)

    def _segments(self, row: Row, palette: Palette) -> list[Segment]:
        """Return gutter and text of a row, one column less than the widget is wide."""
        model = self.model
        key = (row[0], row[1], model.generation, model.selected(row[0]), model.folded(row[0]))
        segments = self._drawn.get(key)
        if segments is None:
            segments = self._drawn[key] = self._draw(row, palette, selected=key[3])
            if len(self._drawn) > _CACHED:
                self._drawn.popitem(last=False)
        return segments

    def _draw(self, row: Row, palette: Palette, *, selected: bool) -> list[Segment]:
        model = self.model
        line = model.lines.line(row[0])
        level = model.level(row[0])
        gutter = Segment(" ", palette.base)
        if line.stream == STDERR:
            gutter = Segment("▎" if self.glyphs.unicode else "!", palette.tone("warn"))
        runs = model.row(row)
        ink = self._ink(level, palette) if line.stream != NOTE else palette.tone("accent")
        segments = [gutter, *self._text(runs, ink, palette)]
        if self.source_colors and len(runs) > 1 and row[1] == 0:
            at = 2 if model.stamps != "off" else 1
            segments[at] = Segment(segments[at].text, palette.color(self.source_colors[line.source]))
        if selected:
            inverse = Style(reverse=True)
            segments = [Segment(text, (style or palette.base) + inverse) for text, style, _ in segments]
        return segments

    def _text(self, runs: list[Run], ink: Style | None, palette: Palette) -> list[Segment]:
        """Return runs as segments that fill the text's width; `ink` colours what has no colour of its own."""
        segments = []
        used = 0
        for text, pen in runs:
            style = palette.style(pen)
            if ink is not None and pen.fg is None and not pen.flags & (HIT | CURRENT):
                style = style + ink
            segments.append(Segment(text, style))
            used += cell_len(text)
        if used < self._text_width:
            segments.append(Segment(" " * (self._text_width - used), palette.base))
        return segments

    def _ink(self, level: Level, palette: Palette) -> Style | None:
        if level >= Level.ERROR:
            return Style(color=palette.tone("error").color)
        if level is Level.WARN:
            return Style(color=palette.tone("warn").color)
        return None

    def _badge(self, segments: list[Segment], text: str, palette: Palette) -> list[Segment]:
        room = self.size.width - 1 - cell_len(text)
        if room < 1:
            return segments
        kept = Strip(segments, self.size.width - 1).crop(0, room)
        return [*kept, Segment(text, palette.tone("accent", reverse=True))]

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        if event.shift:
            self.model.sideways(4 * rows)
        else:
            self.model.viewport.scroll(rows)
        self.post_message(self.Moved())
