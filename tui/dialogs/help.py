"""The keys that work here, then those that work everywhere; made from the table of actions."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from .. import actions
from ..keymap import Keymap, shown
from ..rows.cells import Cell, Column, Row
from ..text import Glyphs
from ..widgets.table import MOVEMENTS, Table

_COLUMNS = (Column("key", "", 16), Column("label", "", 18), Column("help", "", 20, flex=1, needs=60))
# Panes that bring their own keys describe them here; the table of actions has no say in them.
OTHER: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Log pane": (
        ("f", "follow", "follow the end, or stay"),
        ("/  n N", "search", "find, next, previous"),
        ("&", "filter", "only the lines that match"),
        ("t  w", "time, wrap", "show times; wrap long lines"),
        ("g  G", "top, end", "first line; last line and follow"),
    ),
    "Shell pane": (
        (
            "^]",
            "leader",
            "then q leaves, d detaches, z zooms, [ looks back, ] pastes, another key acts as outside; "
            "every other key goes to the shell",
        ),
    ),
}


class Help(ModalScreen[None]):
    """Closes with any of its ways out."""

    BINDINGS = [
        Binding("escape,q,question_mark,f1", "dismiss", show=False),
        Binding("j,down", "move('list.down')", show=False),
        Binding("k,up", "move('list.up')", show=False),
        Binding("ctrl+d,pagedown,space", "move('list.page-down')", show=False),
        Binding("ctrl+u,pageup", "move('list.page-up')", show=False),
        Binding("g,home", "move('list.top')", show=False),
        Binding("G,end", "move('list.bottom')", show=False),
    ]

    def __init__(self, scopes: Sequence[str], keymap: Keymap, glyphs: Glyphs) -> None:
        super().__init__()
        self.table = Table(_COLUMNS, glyphs, header=False)
        self._rows = rows(scopes, keymap)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc leaves"
            yield self.table

    def on_mount(self) -> None:
        self.table.replace_rows(self._rows)
        self.set_focus(self.table)

    def action_move(self, movement: str) -> None:
        MOVEMENTS[movement](self.table)


def rows(scopes: Sequence[str], keymap: Keymap) -> list[Row]:
    """Help as table rows: a title a scope, then its actions that have keys."""
    result: list[Row] = []

    def add(key: str, label: str, text: str, tone: str = "text") -> None:
        cells = (Cell(key, "accent"), Cell(label, tone), Cell(text, "dim"))
        result.append(Row(f"{len(result):04}", cells, (float(len(result)), "", ""), ""))

    others = [s for s in actions.TITLES if s not in scopes]
    for scope in (*scopes, *others):
        if scope not in actions.TITLES:
            continue
        if result:
            add("", "", "")
        add("", actions.TITLES[scope], "", "title")
        for action in actions.of_scope(scope):
            keys = "  ".join(shown(key) for key in keymap.keys.get(action.id, ()))
            if keys:
                add(keys, action.label, action.help)
    for title, lines in OTHER.items():
        add("", "", "")
        add("", title, "", "title")
        for key, label, text in lines:
            add(key, label, text)
    return result
