"""A list of the left side: a frame with its number and counts, the table, and the filter line."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.markup import escape
from textual.message import Message
from textual.widgets import Input

from ..acts.action import TargetKind
from ..rows.cells import Column
from ..text import Glyphs
from .table import Table


class FilterInput(Input):
    """The one-line filter under a list: enter keeps it, esc clears it, arrows move in the list."""

    BINDINGS = [
        Binding("escape", "leave(True)", show=False),
        Binding("enter,tab", "leave(False)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
        Binding("up,ctrl+p", "step(-1)", show=False),
    ]

    class Left(Message):
        """The user is done; `clear` when the filter is to go."""

        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    class Stepped(Message):
        """Move the cursor of the list while typing."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    def __init__(self, prompt: str = "filter") -> None:
        super().__init__(placeholder=prompt, compact=True, select_on_focus=False)

    def action_leave(self, clear: bool) -> None:
        self.post_message(self.Left(clear))

    def action_step(self, count: int) -> None:
        self.post_message(self.Stepped(count))


class ListPane(Vertical):
    """A table of one kind of object."""

    class Activated(Message):
        """The pane got the focus."""

        def __init__(self, pane: ListPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(
        self, number: int, kind: TargetKind, title: str, columns: Sequence[Column], glyphs: Glyphs
    ) -> None:
        super().__init__(id=f"list-{kind}", classes="pane")
        self.kind: TargetKind = kind
        self._number = number
        self._title = title
        self._glyphs = glyphs
        self.note = ""
        self.table = Table(columns, glyphs)
        self.filter = FilterInput()

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.filter

    def on_mount(self) -> None:
        self.filter.display = False
        self.frame()

    def frame(self) -> None:
        """Say in the frame what is shown: counts, filter, sort, marks."""
        table, g = self.table, self._glyphs
        shown, total = len(table.shown), len(table.rows)
        count = f"{shown}" if shown == total else f"{shown} of {total}"
        note = f" [$pd-dim]{g.dot} {escape(self.note)}[/]" if self.note else ""
        self.border_title = f"[$pd-accent]{self._number}[/] [b]{self._title}[/b] [$pd-dim]{count}[/]{note}"
        flags: list[str] = []
        if table.filter:
            flags.append(f"[$pd-match]/{escape(table.filter)}[/]")
        if table.marks:
            flags.append(f"[$pd-match]{len(table.marks)} marked[/]")
        if table.sort_column or table.reverse:
            column = table.columns[table.sort_column]
            flags.append(
                f"[$pd-dim]{column.title.lower()} {g.down if column.descending != table.reverse else g.up}[/]"
            )
        self.border_subtitle = f" {g.dot} ".join(flags)

    def open_filter(self) -> None:
        """Show the filter line and type into it."""
        self.filter.value = self.table.filter
        self.filter.display = True
        self.screen.set_focus(self.filter)

    def clear_filter(self) -> bool:
        """Show all rows again; False when nothing was filtered."""
        had = bool(self.table.filter)
        self.filter.display = False
        self.filter.value = ""
        if had:
            self.table.filter = ""
            self.table.rearrange()
        return had

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.table.filter:
            self.table.filter = event.value
            self.table.rearrange()

    @on(FilterInput.Left)
    def _left(self, event: FilterInput.Left) -> None:
        event.stop()
        if event.clear:
            self.clear_filter()
        self.filter.display = False
        self.screen.set_focus(self.table)

    @on(FilterInput.Stepped)
    def _stepped(self, event: FilterInput.Stepped) -> None:
        event.stop()
        self.table.move_by(event.count)

    @on(Table.Shown)
    def _shown(self) -> None:
        self.frame()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self.post_message(self.Activated(self))
