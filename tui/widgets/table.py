"""A virtual table: rows by key, only what is visible and changed is painted.

`render_lines` is overridden, so borders and padding belong to the widget around it. What is not on the
screen costs nothing: 4,000 cells updated in 3 ms, where DataTable takes 50 (TEXTUAL.md B.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..rows.cells import Column, Row
from ..text import UNICODE, Glyphs
from .paint import Paint
from .rowpaint import Look, RowPainter


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
        self._painter: RowPainter | None = None
        self._cache: dict[tuple[str, Look], tuple[Row, Strip]] = {}

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
            self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter = None

    def on_resize(self) -> None:
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

    @property
    def _look(self) -> RowPainter:
        """The painter for the width and the theme of now."""
        if self._painter is None or self._painter.width != self.size.width:
            self._painter = RowPainter(self.columns, self.size.width, Paint(self), self._glyphs)
            self._cache.clear()
        return self._painter

    def render_lines(self, crop: Region) -> list[Strip]:
        painter = self._look
        lines = [self._line(y, painter) for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.width == self.size.width:
            return lines
        return [line.crop(crop.x, crop.right) for line in lines]

    def _line(self, y: int, painter: RowPainter) -> Strip:
        if self._header and y == 0:
            return painter.titles(self.sort_column, self.reverse, self.has_focus)
        index = self._top + y - self._header
        if not 0 <= index < len(self.shown):
            return painter.blank(self.empty_text if not self.shown and y == self._header else "")
        strip = self._row_line(index, painter)
        return painter.with_thumb(strip) if self._on_thumb(y - self._header) else strip

    def _row_line(self, index: int, painter: RowPainter) -> Strip:
        row = self.rows[self.shown[index]]
        look = Look(index == self._index, row.key in self.marks, self.has_focus, self.stale)
        held = self._cache.get((row.key, look))
        if held is None or held[0] is not row:
            word = self.filter.lower().split()[:1]
            held = (row, painter.row(row, look, word[0] if word else ""))
            self._cache[row.key, look] = held
        return held[1]

    def _on_thumb(self, line: int) -> bool:
        total, page = len(self.shown), self.page
        if total <= page:
            return False
        length = max(page * page // total, 1)
        start = (page - length) * self._top // max(total - page, 1)
        return start <= line < start + length

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
        for placed in self._look.placed:
            if placed.at <= x < placed.at + placed.width:
                self.sort_by(placed.index)

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
