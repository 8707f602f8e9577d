"""The split area: one to four panes side by side."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget


class SplitArea(Widget):
    """One to four log or shell panes, each pinned to its container."""

    class PaneClosed(Message):
        """A pane left the area."""

        def __init__(self, pane: Widget) -> None:
            super().__init__()
            self.pane = pane

    class Emptied(Message):
        """The last pane left the area."""

    async def add(self, pane: Widget) -> bool:
        """Show `pane` beside the others; False when four are shown already."""
        raise NotImplementedError

    async def close(self, pane: Widget | None = None) -> None:
        """Take `pane`, or the focused one, out."""
        raise NotImplementedError

    def focus_next(self) -> None: ...

    def focus_previous(self) -> None: ...

    def zoom(self) -> None:
        """Show only the focused pane, or all again."""
