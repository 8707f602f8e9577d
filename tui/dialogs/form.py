"""Some fields to fill in: run, rename, tag, shell as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Label, Static


@dataclass(frozen=True, slots=True)
class Field:
    """A line to type in, or a switch when `value` is a bool."""

    key: str
    label: str
    value: str | bool = ""
    hint: str = ""


Values = dict[str, str | bool]


class Switch(Checkbox):
    """A checkbox whose box is empty when it is off: colour alone would not tell."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # Textual reads it at each paint
        return "x" if self.value else " "


class Form(ModalScreen[Values | None]):
    """The values, or None. `check` gives what is wrong with them, or nothing; the form stays open then."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("ctrl+s,f2", "submit", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        *,
        verb: str = "do it",
        check: Callable[[Values], str] | None = None,
        wrong: str = "",
    ) -> None:
        """`wrong` is shown from the start: what was wrong with the values when they were tried."""
        super().__init__()
        self._title = title
        self._fields = fields
        self._verb = verb
        self._check = check
        self._wrong = wrong

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog form") as box:
            box.border_title = self._title
            box.border_subtitle = f"enter: {self._verb}   tab: next field   esc: leave"
            with VerticalScroll(classes="fields"):
                for field in self._fields:
                    with Horizontal(classes="field"):
                        yield Label(field.label, markup=False)
                        yield self._widget(field)
            yield Static("", classes="wrong", id="form-wrong", markup=False)

    @staticmethod
    def _widget(field: Field) -> Widget:
        if isinstance(field.value, bool):
            return Switch(field.hint, field.value, id=f"field-{field.key}", compact=True)
        return Input(field.value, placeholder=field.hint, id=f"field-{field.key}", compact=True)

    def on_mount(self) -> None:
        self._say(self._wrong)
        self.set_focus(self.query_one(f"#field-{self._fields[0].key}"))

    def values(self) -> Values:
        """What the fields hold now."""
        return {
            field.key: self.query_one(f"#field-{field.key}", Checkbox).value
            if isinstance(field.value, bool)
            else self.query_one(f"#field-{field.key}", Input).value.strip()
            for field in self._fields
        }

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        values = self.values()
        wrong = self._check(values) if self._check is not None else ""
        if wrong:
            self._say(wrong)
        else:
            self.dismiss(values)

    def _say(self, wrong: str) -> None:
        line = self.query_one("#form-wrong", Static)
        line.update(wrong)
        line.display = bool(wrong)
