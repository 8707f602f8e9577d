"""What a log pane shows and what its keys do, apart from any widget: filter, search, position, selection."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from rich.cells import set_cell_size

from ..terminal.pen import DIM, Pen, Run
from .ansi import DISPLAY_BYTES, plain, runs
from .filter import EVERYTHING, Filter, strip_escapes
from .layout import CURRENT, HIT, crop, highlight, wrap
from .merge import MergedLines
from .search import Search
from .severity import Level, level_of
from .store import NOTE, Line, Lines, LogStore
from .view import LineView
from .viewport import Row, Viewport

Stamps = Literal["off", "time", "utc", "relative"]
_STAMPS: tuple[Stamps, ...] = ("off", "time", "utc", "relative")
_CACHED = 2048
_FAINT = Pen(flags=DIM)


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
        self._laid: OrderedDict[int, list[list[Run]]] = OrderedDict()
        self.view = LineView(self.lines)
        self.viewport = Viewport(self.view, self.rows_of)

    # What is shown

    def update(self) -> bool:
        """Take in new lines and a slice of history; returns whether there is more to do."""
        more = isinstance(self.lines, MergedLines) and self.lines.update()
        more = self.view.update() or more
        if self.search is not None:
            more = self.search.hits.update() or more
        if self.errors is not None:
            more = self.errors.update() or more
        return more

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
        self.view = LineView(self.lines, wanted)
        self.viewport.view = self.view
        if not self.viewport.follow and shown:
            self.viewport.anchor, self.viewport.sub = shown[0]
        self.errors = None
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

    def errors_only(self) -> None:
        level = Level.NONE if self.filter.level else Level.ERROR
        self.set_filter(replace(self.filter, level=level))

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
        """Return the selected lines, or those in view, whole and without colours."""
        if self.selection is not None:
            low, high = min(self.selection), max(self.selection)
        else:
            shown = self.rows()
            low, high = (shown[0][0], shown[-1][0]) if shown else (0, -1)
        return "".join(self._written(low, high + 1))

    def saved_text(self) -> str:
        """Return everything that passes the filter, stamped."""
        return "".join(self._written(self.lines.first, self.lines.end, stamped=True))

    def _written(self, start: int, stop: int, *, stamped: bool = False) -> list[str]:
        made = []
        at = self.view.index(start)
        while at < len(self.view) and (id := self.view.at(at)) < stop:
            line = self.lines.line(id)
            stamp = f"{_utc(line.time)} " if stamped and line.time else ""
            made.append(f"{stamp}{self._name(line)}{plain(line.text)}\n")
            at += 1
        return made

    # How a line looks

    def _layout(self, id: int) -> list[list[Run]]:
        laid = self._laid.get(id)
        if laid is None:
            laid = self._laid[id] = self._lay(id)
            if len(self._laid) > _CACHED:
                self._laid.popitem(last=False)
        return laid

    def _lay(self, id: int) -> list[list[Run]]:
        line = self.lines.line(id)
        shown = runs(line.text)
        if self.search is not None:
            spans = self.search.spans("".join(text for text, _ in shown))
            shown = highlight(shown, spans, CURRENT if id == self.search.current else HIT)
        prefix = self._prefix(line)
        if self.wrap:
            return wrap([*prefix, *shown], self.width)
        used = sum(len(text) for text, _ in prefix)
        return [crop([*prefix, *crop(shown, self.offset, max(1, self.width - used))], 0, self.width)]

    def _prefix(self, line: Line) -> list[Run]:
        made: list[Run] = []
        if self.stamps != "off":
            made.append((self._stamp(line), _FAINT))
        if name := self._name(line):
            made.append((name, _FAINT))
        if line.stream == NOTE:
            made.append(("── ", _FAINT))
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
        self.viewport.show(id)
        self._changed()
        return True

    def _changed(self) -> None:
        self.generation += 1
        self._laid.clear()


def _utc(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000 % 1000:03d}Z"
