"""The split area as the main screen has it: its zoom is told, for the panes around it give way too."""

from __future__ import annotations

from textual.message import Message

from .split import SplitArea


class Splits(SplitArea):
    """A split area that says when one of its panes wants to be alone."""

    class Zoomed(Message):
        """One pane is alone now, or all are shown again."""

        def __init__(self, alone: bool) -> None:
            super().__init__()
            self.alone = alone

    @property
    def alone(self) -> bool:
        """Whether one pane has the area for itself."""
        return self.has_class("zoomed")

    def zoom(self) -> None:
        super().zoom()
        self.post_message(self.Zoomed(self.alone))
