"""A shell pane: a terminal inside the screen that takes every key but its leader."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget

from ..terminal.session import ShellSession


class ShellPane(Widget, can_focus=True):
    """Shows `session`; the session lives on when the pane goes."""

    class Exited(Message):
        """The shell's program ended."""

        def __init__(self, pane: ShellPane, code: int | None) -> None:
            super().__init__()
            self.pane = pane
            self.code = code

    class Released(Message):
        """The user asked to leave the pane (leader, then q)."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

    class ZoomAsked(Message):
        """The user asked for the pane alone, or for all panes again (leader, then z)."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(
        self,
        session: ShellSession,
        *,
        leader: str = "ctrl+right_square_bracket",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session
        self.leader = leader
