"""A virtual table: rows by key, only what is visible and changed is painted.

`render_lines` is overridden, so borders and padding belong to the widget around it. What is not on the
screen costs nothing: 4,000 cells updated in 3 ms, where DataTable takes 50 (TEXTUAL.md B.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..rows.cells import Cell, Column, Row
from ..text import UNICODE, Glyphs
from .paint import Paint

_ROOMY = 60


class Table(Widget, can_focus=True):
    """A list with a cursor, marks, a filter and a sort.

    A cursor on the first row stays there when `stays_on_top` is set, instead of with its row.

    Invariant: `shown` holds the keys of `rows` that pass the filter, in the order of the sort.
    """

    class Moved(Message):
        """The cursor stands on another row, or on none."""

        def __init__(self, table: Table) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> Table:
            return self.table

    class Chosen(Moved):
        """The row under the cursor was chosen by enter or a double click."""

    class Shown(Moved):
        """Other rows are visible than before, or their number changed."""

    def __init__(
        self,
        columns: Sequence[Column],
        glyphs: Glyphs = UNICODE,
        *,
        header: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.rows: dict[str, Row] = {}
        self.shown: list[str] = []
        self.marks: set[str] = set()
        self.filter = ""
        self.sort_column = 0
        self.reverse = False
        self.show_hidden = True
        self.stale = False
        self.stays_on_top = False
        self.empty_text = ""
        self._glyphs = glyphs
        self._header = header
        self._key: str | None = None
        self._index = 0
        self._top = 0
        self._paint: Paint | None = None
        self._cache: dict[tuple[str, bool, bool, bool], tuple[Row, Strip]] = {}
        self._layout: tuple[int, list[tuple[int, Column, int]]] | None = None

    # -- what is in it

    def update_rows(self, upserted: Iterable[Row], removed: Iterable[str] = ()) -> None:
        """Add or replace rows by key, and take some out; paints only what changed and is visible."""
        changed: list[Row] = []
        reorder = False
        for row in upserted:
            old = self.rows.get(row.key)
            if old == row:
                continue
            self.rows[row.key] = row
            changed.append(row)
            reorder = reorder or old is None or self._place(old) != self._place(row)
        for key in removed:
            reorder = self.rows.pop(key, None) is not None or reorder
            self.marks.discard(key)
        if reorder:
            self.rearrange()
        else:
            for row in changed:
                self._refresh_key(row.key)

    def replace_rows(self, rows: Iterable[Row]) -> None:
        """Make these the only rows; the cursor stays on its key if it is among them."""
        fresh = {row.key: row for row in rows}
        self.update_rows(fresh.values(), [key for key in self.rows if key not in fresh])

    def _place(self, row: Row) -> tuple[object, ...]:
        return (row.sort[self.sort_column], self._passes(row))

    def _passes(self, row: Row) -> bool:
        if row.hidden and not self.show_hidden:
            return False
        return all(word in row.search for word in self.filter.lower().split())

    def rearrange(self) -> None:
        """Sort and filter anew; needed after `filter`, `sort_column`, `reverse` or `show_hidden` were set."""
        column = self.columns[self.sort_column]
        passing = [row for row in self.rows.values() if self._passes(row)]
        passing.sort(key=lambda row: (row.sort[0], row.key))
        if self.sort_column or column.descending != self.reverse:
            passing.sort(
                key=lambda row: row.sort[self.sort_column], reverse=column.descending != self.reverse
            )
        self.shown = [row.key for row in passing]
        self._keep_cursor()
        self._cache.clear()
        self.refresh()
        self.post_message(self.Shown(self))

    def _keep_cursor(self) -> None:
        before = self._key
        if self.stays_on_top and self._index == 0:
            self._key = None
        if self._key in self.rows and self._key in self.shown:
            self._index = self.shown.index(self._key)
        else:
            self._index = min(self._index, max(len(self.shown) - 1, 0))
            self._key = self.shown[self._index] if self.shown else None
        self._scroll_to_cursor()
        if self._key != before:
            self.post_message(self.Moved(self))

    # -- cursor

    @property
    def key(self) -> str | None:
        """The key under the cursor."""
        return self._key

    def select(self, key: str) -> bool:
        """Put the cursor on this key; False when it is not shown."""
        if key not in self.shown:
            return False
        self.move_to(self.shown.index(key))
        return True

    def move_to(self, index: int) -> None:
        """Put the cursor on a row by its place, clamped to the ends."""
        if not self.shown:
            return
        index = max(0, min(index, len(self.shown) - 1))
        if self.shown[index] == self._key:
            self._scroll_to_cursor()
            return
        old, self._index, self._key = self._key, index, self.shown[index]
        if self._scroll_to_cursor():
            self.refresh()
        else:
            self._refresh_key(old)
            self._refresh_key(self._key)
        self.post_message(self.Moved(self))

    def move_by(self, count: int, wrap: bool = False) -> None:
        """Move the cursor by rows; over the end to the other end with `wrap`."""
        index = self._index + count
        self.move_to(index % len(self.shown) if wrap and self.shown else index)

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(self.size.height - self._header, 1)

    def visible_keys(self) -> list[str]:
        """The keys that are on the screen now."""
        return self.shown[self._top : self._top + self.page]

    def _scroll_to_cursor(self) -> bool:
        top = min(self._top, max(len(self.shown) - self.page, 0))
        top = max(min(top, self._index), self._index - self.page + 1)
        return self._scroll(top)

    def _scroll(self, top: int) -> bool:
        top = max(0, min(top, len(self.shown) - self.page))
        if top == self._top:
            return False
        self._top = top
        self.refresh()
        self.post_message(self.Shown(self))
        return True

    # -- marks

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and go to the next."""
        if self._key is None:
            return
        self.marks ^= {self._key}
        self._refresh_key(self._key)
        self.move_by(1)
        self.post_message(self.Shown(self))

    def invert_marks(self) -> None:
        """Mark what is not marked among the shown rows, and the other way round."""
        self.marks = set(self.shown) - self.marks
        self.refresh()
        self.post_message(self.Shown(self))

    def clear_marks(self) -> None:
        self.marks.clear()
        self.refresh()
        self.post_message(self.Shown(self))

    def targets(self) -> list[str]:
        """What an action acts on: the marked rows in their order, else the one under the cursor."""
        marked = [key for key in self.shown if key in self.marks]
        return marked or ([self._key] if self._key is not None else [])

    # -- painting

    def set_stale(self, stale: bool) -> None:
        """Grey all rows: what they say may be old."""
        if stale != self.stale:
            self.stale = stale
            self._cache.clear()
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._paint = None
        self._cache.clear()

    def on_resize(self) -> None:
        self._cache.clear()
        self._layout = None
        self._scroll_to_cursor()
        self.post_message(self.Shown(self))

    def on_focus(self) -> None:
        self._refresh_key(self._key)

    def on_blur(self) -> None:
        self._refresh_key(self._key)

    def _refresh_key(self, key: str | None) -> None:
        if key is None:
            return
        try:
            y = self.shown.index(key, self._top, self._top + self.page) - self._top + self._header
        except ValueError:
            return
        self.refresh(Region(0, y, self.size.width, 1))

    def _fitted(self) -> list[tuple[int, Column, int]]:
        """The columns that this width shows: index, column, width in cells."""
        width = self.size.width
        if self._layout is not None and self._layout[0] == width:
            return self._layout[1]
        shown = [(i, c) for i, c in enumerate(self.columns) if width >= c.needs]
        gap = self._gap(width)
        spare = width - 2 - sum(c.width for _, c in shown) - gap * (len(shown) - 1)
        shares = sum(c.flex for _, c in shown) or 1
        fitted: list[tuple[int, Column, int]] = []
        given = 0
        for place, (index, column) in enumerate(shown):
            more = spare * column.flex // shares if spare > 0 else 0
            given += more
            if spare > 0 and place == len(shown) - 1 and column.flex:
                more += spare - given
            fitted.append((index, column, max(column.width + more, 1)))
        self._layout = (width, fitted)
        return fitted

    @staticmethod
    def _gap(width: int) -> int:
        return 2 if width >= _ROOMY else 1

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._paint is None:
            self._paint = Paint(self)
        lines = [self._line(y, self._paint) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.width == self.size.width:
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def _line(self, y: int, paint: Paint) -> Strip:
        width = self.size.width
        if self._header and y == 0:
            return self._header_line(paint)
        index = self._top + y - self._header
        if not self.shown and self.empty_text and y == self._header:
            text = set_cell_size(f" {self.empty_text}", width)
            return Strip([Segment(text, paint.base + paint.tone("dim"))], width)
        if not 0 <= index < len(self.shown):
            return Strip([Segment(" " * width, paint.base)], width)
        key = self.shown[index]
        row, cursor = self.rows[key], index == self._index
        flags = (key, cursor, key in self.marks, self.has_focus)
        held = self._cache.get(flags)
        if held is None or held[0] is not row:
            strip = self._row_line(row, paint, cursor, key in self.marks)
            held = self._cache[flags] = (row, strip)
        return self._with_thumb(held[1], y, paint)

    def _header_line(self, paint: Paint) -> Strip:
        style = paint.base + paint.tone("dim")
        strong = paint.base + paint.tone("title") + Style(bold=True)
        segments = [Segment(" ", style)]
        gap = " " * self._gap(self.size.width)
        for index, column, width in self._fitted():
            sorted_by = index == self.sort_column
            title = column.title
            if sorted_by and len(title) < width:
                title += self._glyphs.down if column.descending != self.reverse else self._glyphs.up
            text = title.rjust(width) if column.right else set_cell_size(title, width)
            segments.append(Segment(text[:width], strong if sorted_by and self.has_focus else style))
            segments.append(Segment(gap, style))
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _row_line(self, row: Row, paint: Paint, cursor: bool, marked: bool) -> Strip:
        base = paint.base
        if cursor:
            base = base + paint.background("pd-cursor" if self.has_focus else "pd-cursor-blurred")
        if marked:
            base = base + Style(bold=True)
        mark_style = base + paint.tone("match" if marked else "title", self.stale)
        mark = self._glyphs.mark if marked else self._glyphs.cursor if cursor and self.has_focus else " "
        segments = [Segment(mark, mark_style)]
        gap = Segment(" " * self._gap(self.size.width), base)
        for index, column, width in self._fitted():
            cell = row.cells[index]
            style = base + paint.tone(cell.tone, self.stale)
            text = fit(cell, width, column.right, self._glyphs)
            segments.extend(self._lit(text, style, base + paint.tone("match") + Style(bold=True)))
            segments.append(gap)
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _lit(self, text: str, style: Style, lit: Style) -> list[Segment]:
        words = self.filter.lower().split()
        at = text.lower().find(words[0]) if words else -1
        if at < 0 or len(text.lower()) != len(text):
            return [Segment(text, style)]
        end = at + len(words[0])
        return [Segment(text[:at], style), Segment(text[at:end], lit), Segment(text[end:], style)]

    def _with_thumb(self, strip: Strip, y: int, paint: Paint) -> Strip:
        total, page = len(self.shown), self.page
        if total <= page:
            return strip
        size = max(page * page // total, 1)
        start = (page - size) * self._top // max(total - page, 1)
        if not start <= y - self._header < start + size:
            return strip
        width = self.size.width
        return Strip(
            [*strip.crop(0, width - 1), Segment(self._glyphs.thumb, paint.base + paint.tone("faint"))], width
        )

    # -- mouse

    def on_click(self, event: events.Click) -> None:
        if self._header and event.y == 0:
            self._click_header(event.x)
            return
        index = self._top + event.y - self._header
        if index < len(self.shown):
            self.move_to(index)
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    def _click_header(self, x: int) -> None:
        at, gap = 1, self._gap(self.size.width)
        for index, _, width in self._fitted():
            if at <= x < at + width:
                self.sort_by(index)
                return
            at += width + gap

    def sort_by(self, column: int) -> None:
        """Sort by a column; by the same column again turns the order round."""
        self.reverse = not self.reverse if column == self.sort_column else False
        self.sort_column = column
        self.rearrange()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(self._top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(self._top - 3)


def fit(cell: Cell, width: int, right: bool, glyphs: Glyphs) -> str:
    """A cell's text in exactly `width` cells, cut with an ellipsis."""
    length = cell_len(cell.text)
    if length > width:
        return set_cell_size(cell.text, width - 1) + glyphs.ellipsis
    return " " * (width - length) + cell.text if right else cell.text + " " * (width - length)


Movement = Callable[[Table], None]

MOVEMENTS: dict[str, Movement] = {
    "list.down": lambda t: t.move_by(1),
    "list.up": lambda t: t.move_by(-1),
    "list.top": lambda t: t.move_to(0),
    "list.bottom": lambda t: t.move_to(len(t.shown) - 1),
    "list.page-down": lambda t: t.move_by(t.page),
    "list.page-up": lambda t: t.move_by(-t.page),
    "list.half-down": lambda t: t.move_by(max(t.page // 2, 1)),
    "list.half-up": lambda t: t.move_by(-max(t.page // 2, 1)),
    "list.next": lambda t: t.move_by(1, wrap=True),
    "list.previous": lambda t: t.move_by(-1, wrap=True),
    "list.mark": Table.toggle_mark,
    "list.invert": Table.invert_marks,
}
