"""Yes or no, with what it would do."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class Confirm(ModalScreen[bool]):
    """Asks; no is what enter means until the user says otherwise."""

    BINDINGS = [
        Binding("escape,n,q", "dismiss(False)", show=False),
        Binding("y", "dismiss(True)", show=False),
        Binding("left,right,tab,h,l", "other", show=False),
    ]

    def __init__(self, question: str, lines: Sequence[str] = (), command: str = "") -> None:
        super().__init__()
        self._question = question
        self._lines = lines
        self._command = command

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog confirm") as box:
            box.border_title = "Sure?"
            box.border_subtitle = "y, n"
            yield Static(self._question, markup=False)
            if self._lines:
                yield Static("\n".join(f"  {line}" for line in self._lines), classes="dim", markup=False)
            if self._command:
                yield Static(self._command, classes="note", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("no", id="no", compact=True)
                yield Button("yes", id="yes", compact=True, variant="error")

    def on_mount(self) -> None:
        self.set_focus(self.query_one("#no", Button))

    def action_other(self) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
