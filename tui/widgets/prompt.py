"""A line that asks for text inside a pane and keeps keys typed ahead in order.

Textual looks bindings up when a key has bubbled to the app; what was typed behind an `enter` would have gone
into the box by then. So the ends of the box are handled where the key arrives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import events
from textual.message import Message
from textual.widgets import Input


class Prompt(Input):
    """Hidden until `ask`; `passed` gets keys that arrive after its end."""

    DEFAULT_CSS = """
    Prompt { display: none; height: 1; border: none; padding: 0 1; }
    Prompt:focus { border: none; }
    """

    class Answered(Message):
        """The user pressed enter (`text` is what was typed) or escape (`text` is None)."""

        def __init__(self, text: str | None) -> None:
            super().__init__()
            self.text = text

    def __init__(self, passed: Callable[[events.Key], Awaitable[None]]) -> None:
        super().__init__(select_on_focus=False)
        self.asking = False
        self._passed = passed

    def ask(self, placeholder: str, value: str = "") -> None:
        """Show the box and take the keyboard at once."""
        self.placeholder = placeholder
        self.value = value
        self.cursor_position = len(value)
        self.asking = True
        self.display = True
        self.screen.set_focus(self)

    def close(self) -> None:
        self.asking = False
        self.display = False

    async def on_key(self, event: events.Key) -> None:
        if not self.asking:
            event.prevent_default()
            await self._passed(event)
        elif event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            self.asking = False
            self.post_message(self.Answered(self.value if event.key == "enter" else None))
