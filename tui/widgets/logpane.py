"""A log pane: a virtual view of one or several logs."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget

from ..logs.source import LogSource


class LogPane(Widget):
    """Shows the log of `sources`; several are merged in time order."""

    class StatusChanged(Message):
        """`pane.title` or `pane.status` changed."""

    def __init__(self, *sources: LogSource, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.sources = sources
