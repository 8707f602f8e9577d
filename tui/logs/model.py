"""What a log pane shows and what its keys do, apart from any widget: filter, search, position, selection."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from rich.cells import cell_len, set_cell_size

from ..terminal.pen import DIM, PLAIN, REVERSE, Pen, Run
from .ansi import DISPLAY_BYTES, plain, runs
from .fields import choose, fields, flat
from .filter import EVERYTHING, Filter, strip_escapes
from .fold import FOLDINGS, Folding, FoldView
from .layout import CURRENT, HIT, crop, highlight, wrap
from .merge import MergedLines
from .search import Search
from .severity import Level, level_of
from .store import NOTE, Line, Lines, LogStore
from .view import LineView, Places
from .viewport import Row, Viewport

Stamps = Literal["off", "time", "utc", "relative"]
_STAMPS: tuple[Stamps, ...] = ("off", "time", "utc", "relative")
_CACHED = 2048
_FAINT = Pen(flags=DIM)
_COUNT = Pen(flags=DIM | REVERSE)
_SAMPLE = 300
_COLUMN_MOST = 24


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that a log view adds to lines; `ASCII_MARKS` where the terminal has no others."""

    note: str = "──"
    times: str = "×"
    more: str = "▸"
    ellipsis: str = "…"


ASCII_MARKS = Marks("--", "x", "+", "~")


class LogModel:
    """The state of a pane over `stores`; several are merged.

    `update` takes in what came and must run before `rows`.
    """

    def __init__(
        self,
        stores: Sequence[LogStore],
        names: Sequence[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stores = stores
        self.names = names
        self.lines: Lines = stores[0] if len(stores) == 1 else MergedLines(stores, clock=clock)
        self.filter = EVERYTHING
        self.search: Search | None = None
        self.errors: LineView | None = None
        self.wrap = False
        self.stamps: Stamps = "off"
        self.offset = 0
        self.width = 80
        self.selection: tuple[int, int] | None = None
        self.generation = 0
        self._revision = 0
        self.folding: Folding = "repeats"
        self.columns: tuple[str, ...] = ()
        self.marks = Marks()
        self._widths: list[int] = []
        self._laid: OrderedDict[tuple[int, int], list[list[Run]]] = OrderedDict()
        self.passing = LineView(self.lines)
        self.view: Places = FoldView(self.passing, self.folding)
        self.viewport = Viewport(self.view, self.rows_of)

    # What is shown

    def update(self) -> bool:
        """Take in new lines and a slice of history; returns whether there is more to do."""
        self._follow_revisions()
        more = isinstance(self.lines, MergedLines) and self.lines.update()
        more = self.view.update() or more
        if self.search is not None:
            more = self.search.hits.update() or more
        if self.errors is not None:
            more = self.errors.update() or more
        return more

    def _follow_revisions(self) -> None:
        """Lines got other ids: what was made of the old ones is made anew."""
        revision = sum(store.revision for store in self.stores)
        if revision == self._revision:
            return
        self._revision = revision
        if isinstance(self.lines, MergedLines):
            self.older_came()
            return
        self._look_again()
        if self.search is not None:
            self.search = Search(self.lines, self.search.query, self.filter)
        self._changed()

    def older_came(self) -> None:
        """Older lines were put in front of the stores: a merge takes its place among them."""
        if not isinstance(self.lines, MergedLines):
            return
        moved = self.lines.reorder()
        self.viewport.anchor = moved(self.viewport.anchor)
        if self.selection is not None:
            start, end = self.selection
            self.selection = moved(start), moved(end)
        self._look_again()
        if self.search is not None:
            current = self.search.current
            self.search = Search(self.lines, self.search.query, self.filter)
            self.search.current = None if current is None else moved(current)
        self._changed()

    def resize(self, width: int, height: int) -> None:
        if width != self.width:
            self.width = width
            self._changed()
        self.viewport.height = max(1, height)

    def rows(self) -> list[Row]:
        return self.viewport.rows()

    def row(self, row: Row) -> list[Run]:
        """Return the runs of a shown row, at most `width` cells."""
        laid = self._layout(row[0])
        return laid[min(row[1], len(laid) - 1)]

    def unfinished(self) -> list[Run] | None:
        """Return the end of a line that has begun, a prompt for one, while the newest is in view."""
        if len(self.stores) > 1 or self.filter or not self.viewport.follow:
            return None
        line = self.stores[0].unfinished()
        if line is None:
            return None
        return crop([*self._prefix(line), *runs(line.text[-DISPLAY_BYTES:])], 0, self.width)

    def rows_of(self, id: int) -> int:
        return len(self._layout(id)) if self.wrap else 1

    def level(self, id: int) -> Level:
        return level_of(strip_escapes(self.lines.line(id).text))

    def selected(self, id: int) -> bool:
        return self.selection is not None and min(self.selection) <= id <= max(self.selection)

    def hit_map(self, height: int) -> set[int]:
        """Return the rows of a scroll bar of `height` rows that have hits."""
        if self.search is None or not len(self.view):
            return set()
        hits = self.search.hits
        step = max(1, len(hits) // (height * 4))
        total = len(self.view)
        return {self.view.index(hits.at(at)) * height // total for at in range(0, len(hits), step)}

    def thumb(self, height: int) -> tuple[int, int]:
        """Return the rows (from, to) of the scroll bar that stand for what is in view."""
        total = len(self.view)
        shown = self.rows()
        if not shown or total <= height:
            return 0, height
        top = self.view.index(shown[0][0])
        size = max(1, height * len({id for id, _ in shown}) // total)
        at = min(top * height // total, height - size)
        return (height - size if self.viewport.follow else at), (
            height if self.viewport.follow else at + size
        )

    # What keys do

    def set_filter(self, wanted: Filter) -> None:
        """Show only what passes; the line at the top stays, or the next one that passes does."""
        if wanted == self.filter:
            return
        shown = self.rows()
        self.filter = wanted
        self._look_again()
        if not self.viewport.follow and shown:
            self.viewport.anchor, self.viewport.sub = shown[0]
        self.set_search(self.search.query if self.search else EVERYTHING)

    def set_search(self, query: Filter) -> None:
        """Look for `query` in what is shown; an empty one ends the search."""
        self.search = Search(self.lines, query, self.filter) if query.text else None
        self._changed()

    def find(self, forward: bool) -> bool:
        """Go to the next or previous hit; the first `find` starts at what is in view."""
        search = self.search
        if search is None:
            return False
        start = search.current
        if start is None or not any(id == start for id, _ in self.rows()):
            start = self._edge(forward)
        return self._go(search.move(start, forward))

    def find_error(self, forward: bool) -> bool:
        """Go to the next or previous line that is an error."""
        if self.errors is None:
            self.errors = LineView(self.lines, self.filter, Filter(level=Level.ERROR))
            while self.errors.update():
                pass
        start = self.selection[1] if self.selection else self._edge(forward)
        found = self.errors.step(start, 1 if forward else -1)
        if found is not None:
            self.selection = (found, found)
        return self._go(found)

    def go_to(self, id: int) -> None:
        """Show a line and select it; the view is held there."""
        self.selection = (id, id)
        self.viewport.follow = False
        self._go(id)

    def errors_only(self) -> None:
        level = Level.NONE if self.filter.level else Level.ERROR
        self.set_filter(replace(self.filter, level=level))

    def next_folding(self) -> None:
        """Fold repeats, then stack traces too, then nothing."""
        shown = self.rows()
        self.folding = FOLDINGS[(FOLDINGS.index(self.folding) + 1) % len(FOLDINGS)]
        self._look_again()
        if not self.viewport.follow and shown:
            self.viewport.anchor, self.viewport.sub = shown[0]
        self._changed()

    def folded(self, id: int) -> int:
        """Return how many lines are folded under a shown one."""
        return self.view.folded(id) if isinstance(self.view, FoldView) else 0

    def unfold(self, id: int) -> bool:
        """Show what is folded under a line; False when nothing is."""
        if not isinstance(self.view, FoldView) or not (self.view.hides(id) or self.view.folded(id)):
            return False
        self.viewport.hold()
        self.view.unfold(id)
        self._changed()
        return True

    def toggle_columns(self) -> bool:
        """Show records as columns of the keys that most have, or lines as they are; False without records."""
        if self.columns:
            self.set_columns(())
            return True
        chosen = choose(self._sample())
        self.set_columns(chosen)
        return bool(chosen)

    def set_columns(self, keys: Sequence[str]) -> None:
        """Show these keys of each record side by side; lines that are no records stay as they are."""
        self.columns = tuple(keys)
        self._widths = [cell_len(key) for key in self.columns]
        if self.columns:
            for text in self._sample():
                self._widen(text)
        self._changed()

    def heading(self) -> str:
        """Return the names of the columns, each over its column; empty without columns."""
        if not self.columns:
            return ""
        before = sum(len(text) for text, _ in self._prefix(Line(0, 1, 0, b"")))
        cells = [set_cell_size(key, size) for key, size in zip(self.columns, self._widths, strict=True)]
        return " " * before + "  ".join(cells).rstrip()

    def record(self, id: int) -> dict[str, object] | list[str]:
        """Return a line in full: its record, or its text and what is folded under it."""
        line = self.lines.line(id)
        if not self.folded(id) and (record := fields(strip_escapes(line.text))) is not None:
            return record
        at = self.passing.index(id)
        ids = [self.passing.at(at + each) for each in range(min(self.folded(id), _SAMPLE) + 1)]
        return [plain(self.lines.line(each).text) for each in ids]

    def _sample(self) -> list[bytes]:
        """The newest lines that pass."""
        size = len(self.passing)
        ids = [self.passing.at(at) for at in range(max(0, size - _SAMPLE), size)]
        return [strip_escapes(self.lines.line(id).text) for id in ids]

    def _widen(self, text: bytes) -> None:
        record = fields(text)
        if record is not None:
            values = flat(record)
            for at, key in enumerate(self.columns):
                size = min(cell_len(values.get(key, "")), _COLUMN_MOST)
                self._widths[at] = max(self._widths[at], size)

    def next_streams(self) -> None:
        """Both streams, then stderr only, then stdout only."""
        order = (frozenset[int](), frozenset((2,)), frozenset((1,)))
        streams = order[(order.index(self.filter.streams) + 1) % 3]
        self.set_filter(replace(self.filter, streams=streams))

    def toggle_wrap(self) -> None:
        self.wrap = not self.wrap
        self.offset = 0
        self.viewport.sub = 0
        self._changed()

    def next_stamps(self) -> None:
        self.stamps = _STAMPS[(_STAMPS.index(self.stamps) + 1) % len(_STAMPS)]
        self._changed()

    def sideways(self, by: int) -> None:
        if not self.wrap:
            self.offset = max(0, self.offset + by)
            self._changed()

    def mute(self, source: int) -> None:
        """Leave a source of a merge out, or let it be heard again."""
        self.set_filter(replace(self.filter, muted=self.filter.muted ^ {source}))

    def mark(self, text: str) -> None:
        """Put a line of ours at the end of every log shown."""
        self.stores[0].note(text, time.time_ns())

    def select(self, by: int) -> None:
        """Start selecting whole lines at the bottom of the view, or move the end of the selection."""
        if self.selection is None:
            if shown := self.rows():
                self.selection = (shown[-1][0], shown[-1][0])
                self.viewport.hold()
            return
        start, end = self.selection
        moved = end
        for _ in range(abs(by)):
            step = self.view.step(moved, 1 if by > 0 else -1)
            moved = moved if step is None else step
        self.selection = (start, moved)
        self.viewport.show(moved)

    def selected_text(self) -> str:
        """Return the selected lines, or those in view, whole, without colours, with what is folded there."""
        if self.selection is not None:
            low, high = min(self.selection), max(self.selection)
        else:
            shown = self.rows()
            low, high = (shown[0][0], shown[-1][0]) if shown else (0, -1)
        following = self.view.step(high, 1)
        return "".join(self._written(low, self.lines.end if following is None else following))

    def saved_text(self) -> str:
        """Return everything that passes the filter, stamped."""
        return "".join(self._written(self.lines.first, self.lines.end, stamped=True))

    def _written(self, start: int, stop: int, *, stamped: bool = False) -> list[str]:
        made = []
        at = self.passing.index(start)
        while at < len(self.passing) and (id := self.passing.at(at)) < stop:
            line = self.lines.line(id)
            stamp = f"{_utc(line.time)} " if stamped and line.time else ""
            made.append(f"{stamp}{self._name(line)}{plain(line.text)}\n")
            at += 1
        return made

    # How a line looks

    def _layout(self, id: int) -> list[list[Run]]:
        key = id, self.folded(id)
        laid = self._laid.get(key)
        if laid is None:
            laid = self._laid[key] = self._lay(*key)
            if len(self._laid) > _CACHED:
                self._laid.popitem(last=False)
        return laid

    def _lay(self, id: int, folded: int) -> list[list[Run]]:
        line = self.lines.line(id)
        shown = self._cells(line) or runs(line.text)
        if self.search is not None:
            spans = self.search.spans("".join(text for text, _ in shown))
            shown = highlight(shown, spans, CURRENT if id == self.search.current else HIT)
        prefix = self._prefix(line)
        tail = self._tail(id, folded)
        if self.wrap:
            return wrap([*prefix, *shown, *tail], self.width)
        used = sum(cell_len(text) for text, _ in (*prefix, *tail))
        shown = crop(shown, self.offset, max(1, self.width - used))
        return [crop([*prefix, *shown, *tail], 0, self.width)]

    def _tail(self, id: int, folded: int) -> list[Run]:
        """What stands behind a line with others folded under it."""
        if not folded:
            return []
        at = self.passing.index(id)
        last = self.lines.line(self.passing.at(at + folded))
        if last.text == self.lines.line(id).text:
            return [(f" {self.marks.times} {folded + 1:,}", _COUNT)]
        return [(f" {self.marks.more} {folded:,} more", _COUNT)]

    def _cells(self, line: Line) -> list[Run]:
        """Return a record's values in their columns; nothing for a line as it is."""
        if not self.columns or line.stream == NOTE:
            return []
        record = fields(strip_escapes(line.text))
        if record is None:
            return []
        values = flat(record)
        made: list[Run] = []
        for at, (key, size) in enumerate(zip(self.columns, self._widths, strict=True)):
            text = plain(values.get(key, "").encode())
            last = at == len(self.columns) - 1
            if not last and cell_len(text) > size:
                text = set_cell_size(text, size - 1) + self.marks.ellipsis
            made.append((text if last else set_cell_size(text, size) + "  ", PLAIN))
        return made

    def _prefix(self, line: Line) -> list[Run]:
        made: list[Run] = []
        if self.stamps != "off":
            made.append((self._stamp(line), _FAINT))
        if name := self._name(line):
            made.append((name, _FAINT))
        if line.stream == NOTE:
            made.append((f"{self.marks.note} ", _FAINT))
        return made

    def _name(self, line: Line) -> str:
        if len(self.names) < 2:
            return ""
        widest = min(16, max(map(len, self.names)))
        return set_cell_size(self.names[line.source], widest) + " "

    def _stamp(self, line: Line) -> str:
        if not line.time:
            return " " * {"time": 13, "utc": 25, "relative": 11}[self.stamps]
        if self.stamps == "time":
            local = datetime.fromtimestamp(line.time // 1_000_000_000)
            return f"{local:%H:%M:%S}.{line.time // 1_000_000 % 1000:03d} "
        if self.stamps == "utc":
            return f"{_utc(line.time)} "
        before = self.view.step(line.id, -1)
        passed = line.time - self.lines.line(before).time if before is not None else 0
        return f"{min(passed / 1e9, 99999.999):+10.3f} "

    def _edge(self, forward: bool) -> int:
        """Where a search begins: just outside the view on the side it comes from."""
        shown = self.rows()
        if not shown:
            return 0
        return shown[0][0] - 1 if forward and not self.viewport.follow else shown[-1][0] + (not forward)

    def _go(self, id: int | None) -> bool:
        if id is None:
            return False
        if isinstance(self.view, FoldView) and self.view.hides(id):
            self.view.unfold(id)
        self.viewport.show(id)
        self._changed()
        return True

    def _look_again(self) -> None:
        """Make the views anew: what passes, and what of it is folded."""
        self.passing = LineView(self.lines, self.filter)
        self.view = self.passing if self.folding == "off" else FoldView(self.passing, self.folding)
        self.viewport.view = self.view
        self.errors = None

    def _changed(self) -> None:
        self.generation += 1
        self._laid.clear()


def _utc(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000 % 1000:03d}Z"
