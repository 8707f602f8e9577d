"""Choose one entry: menus of an action, the palette, themes, columns to sort by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.markup import escape
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..rows.cells import Cell, Column, Row
from ..text import Glyphs
from ..widgets.table import Table


@dataclass(frozen=True, slots=True)
class Entry:
    """One choice; one with a `refusal` is shown with it and can't be chosen."""

    id: str
    label: str
    help: str = ""
    key: str = ""
    refusal: str = ""
    command: str = ""
    tone: str = "text"


class Picker(ModalScreen[str | None]):
    """A list of entries; the chosen one's id, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("enter", "choose", show=False),
        Binding("down,ctrl+n", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
    ]

    def __init__(
        self,
        title: str,
        entries: Sequence[Entry],
        glyphs: Glyphs,
        *,
        note: str = "",
        search: bool = False,
        current: str | None = None,
        on_move: Callable[[str], None] | None = None,
    ) -> None:
        """`on_move` hears which entry the cursor is on (live preview)."""
        super().__init__()
        self._title = title
        self._entries = {entry.id: entry for entry in entries}
        self._note = note
        self._search = search
        self._current = current
        self._on_move = on_move
        keys = max([len(entry.key) for entry in entries], default=0)
        labels = min(max([len(entry.label) for entry in entries], default=10), 40)
        columns = [Column("label", "", labels), Column("help", "", 8, flex=1)]
        if keys:
            columns.append(Column("key", "", keys, right=True))
        self.table = Table(columns, glyphs, header=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog picker") as box:
            box.border_title = escape(self._title)
            box.border_subtitle = "enter chooses, esc leaves"
            if self._search:
                yield Input(placeholder="type to find", compact=True, id="picker-input")
            yield self.table
            yield Static(self._note, classes="note", id="picker-note", markup=False)

    def on_mount(self) -> None:
        self._fill(list(self._entries.values()))
        self.table.styles.height = min(max(len(self._entries), 1), 20)
        if self._current is not None:
            self.table.select(self._current)
        if self._search:
            self.set_focus(self.query_one(Input))
            self.table.can_focus = False
        else:
            self.set_focus(self.table)
        self._say()

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if not self._search and key in ("j", "k", "g", "G"):
            {"j": self._down, "k": self._up, "g": self._first, "G": self._last}[key]()

    def _down(self) -> None:
        self.table.move_by(1)

    def _up(self) -> None:
        self.table.move_by(-1)

    def _first(self) -> None:
        self.table.move_to(0)

    def _last(self) -> None:
        self.table.move_to(len(self.table.shown) - 1)

    def _fill(self, entries: Sequence[Entry]) -> None:
        rows = [
            Row(
                key=entry.id,
                cells=(
                    Cell(entry.label, "faint" if entry.refusal else entry.tone),
                    Cell(entry.help, "faint" if entry.refusal else "dim"),
                    Cell(entry.key, "accent"),
                ),
                sort=(float(number), 0.0, 0.0),
                search="",
            )
            for number, entry in enumerate(entries)
        ]
        self.table.empty_text = "nothing like that"
        self.table.replace_rows(rows)
        self.table.rearrange()
        self.table.move_to(0)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        query = event.value.strip()
        entries = list(self._entries.values())
        if query:
            entries = ranked(query, entries)
        self._fill(entries)

    @on(Table.Moved)
    def _moved(self) -> None:
        self._say()
        if self._on_move is not None and self.table.key is not None:
            self._on_move(self.table.key)

    def _say(self) -> None:
        entry = self._entries.get(self.table.key or "")
        text = (entry.refusal or entry.command or self._note) if entry is not None else self._note
        note = self.query_one("#picker-note", Static)
        note.update(text)
        note.display = bool(text)

    def action_move(self, count: int) -> None:
        self.table.move_by(count)

    @on(Table.Chosen)
    @on(Input.Submitted)
    def action_choose(self) -> None:
        entry = self._entries.get(self.table.key or "")
        if entry is not None and not entry.refusal:
            self.dismiss(entry.id)


def ranked(query: str, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that match, the best first; a match in the label counts before one in the help."""
    matcher = Matcher(query)
    scored = [(max(matcher.match(e.label) * 2, matcher.match(f"{e.label} {e.help}")), e) for e in entries]
    return [e for score, e in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
