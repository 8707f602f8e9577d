"""A virtual text: indented names and values, wrapped to the width, searched, scrolled without scrollbars."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..rows.tree import Line
from .paint import Paint
from .rowpaint import light

Piece = tuple[str, str]


class TextView(Widget, can_focus=True):
    """Shows `Line`s; keys come from the table of actions, scope `list`."""

    class Searched(Message):
        """The number of lines that the search finds changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Line] = ()
        self._wrapped: list[list[Piece]] = []
        self._top = 0
        self._paint: Paint | None = None
        self.query_text = ""
        self.hits: list[int] = []

    def show(self, lines: Sequence[Line], *, keep_place: bool = False) -> None:
        """Show other lines, from their top unless the place is to be kept."""
        self._lines = lines
        if not keep_place:
            self._top = 0
        self._wrap()

    def _wrap(self) -> None:
        width = max(self.size.width - 2, 8)
        self._wrapped = [pieces for line in self._lines for pieces in wrap(line, width)]
        self._find()
        self.scroll_lines(0)
        self.refresh()

    def on_resize(self) -> None:
        self._wrap()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._paint = None

    # -- moving

    @property
    def page(self) -> int:
        return max(self.size.height, 1)

    def scroll_lines(self, count: int) -> None:
        """Scroll by lines, clamped to the ends."""
        top = max(0, min(self._top + count, len(self._wrapped) - self.page))
        if top != self._top:
            self._top = top
            self.refresh()

    def move(self, movement: str) -> bool:
        """Do a movement of the action table (`list.down`); False when it means nothing here."""
        steps = {
            "list.down": 1,
            "list.up": -1,
            "list.page-down": self.page,
            "list.page-up": -self.page,
            "list.half-down": self.page // 2,
            "list.half-up": -(self.page // 2),
            "list.top": -len(self._wrapped),
            "list.bottom": len(self._wrapped),
        }
        if movement in ("list.next", "list.previous"):
            self._next_hit(movement == "list.next")
        elif movement in steps:
            self.scroll_lines(steps[movement])
        else:
            return False
        return True

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-3)

    # -- search

    def search(self, text: str) -> None:
        """Light up this text and go to its first place from here on; nothing with an empty text."""
        self.query_text = text.lower()
        self._find()
        if self.hits and not any(self._top <= hit < self._top + self.page for hit in self.hits):
            self._next_hit(True)
        self.refresh()
        self.post_message(self.Searched())

    def _find(self) -> None:
        needle = self.query_text
        self.hits = (
            [i for i, pieces in enumerate(self._wrapped) if needle in "".join(t for t, _ in pieces).lower()]
            if needle
            else []
        )

    def _next_hit(self, forward: bool) -> None:
        if not self.hits:
            return
        here = self._top
        if forward:
            target = next((hit for hit in self.hits if hit > here), self.hits[0])
        else:
            target = next((hit for hit in reversed(self.hits) if hit < here), self.hits[-1])
        self.scroll_lines(target - self._top)

    # -- painting

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._paint is None:
            self._paint = Paint(self)
        lines = [self._line(y, self._paint) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.width == self.size.width:
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def _line(self, y: int, paint: Paint) -> Strip:
        index, width = self._top + y, self.size.width
        if index >= len(self._wrapped):
            return Strip([Segment(" " * width, paint.base)], width)
        segments = [Segment(" ", paint.base)]
        for text, tone in self._wrapped[index]:
            style = paint.base + paint.tone(tone)
            lit = style + paint.tone("match") + Style(bold=True, underline=True)
            segments.extend(light(text, self.query_text, style, lit))
        return Strip(segments).adjust_cell_length(width, paint.base)


def wrap(line: Line, width: int) -> list[list[Piece]]:
    """A line in pieces that fit; what goes on stands under the value's beginning."""
    indent = "  " * line.depth
    name = f"{line.name} " if line.name == "-" or not line.value else f"{line.name}: " if line.name else ""
    head = [(indent, "text"), (name, "key" if line.tone != "dim" or line.value else "title")]
    start = cell_len(indent + name)
    room = width - start
    if room < 12:
        # A deep value starts on a line of its own rather than in a gutter of a few cells.
        start = min(start, 4)
        room = max(width - start, 4)
        return [head, *[[(" " * start, "text"), (part, line.tone)] for part in chop_cells(line.value, room)]]
    parts = chop_cells(line.value, room) if cell_len(line.value) > room else [line.value]
    return [
        [*head, (part, line.tone)] if number == 0 else [(" " * start, "text"), (part, line.tone)]
        for number, part in enumerate(parts)
    ]
