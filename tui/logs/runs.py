"""The runs of a container, from its events: where a log begins again, and how the run before it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Start(NamedTuple):
    """The beginning of a run: ns since the epoch, and what to say there."""

    time: int
    text: str


class Runs:
    """Fed with a container's events in order; `starts` are those that no reader has shown yet."""

    def __init__(self) -> None:
        self.known = False
        self.starts: list[Start] = []
        self.last_start = 0
        self.end = ""
        self._killed_for_memory = False

    def take(self, action: str, attributes: Mapping[str, str], time: int) -> None:
        """Take in an event (`start`, `die`, `oom`; others say nothing)."""
        match action:
            case "oom":
                self._killed_for_memory = True
            case "die":
                code = attributes.get("exitCode", "")
                self.end = f"exit {code}{' OOM' * self._killed_for_memory}".strip()
            case "start":
                text = f"restarted, {self.end}" if self.end else "started"
                self.starts.append(Start(time, text))
                self.last_start = time
                self.end = ""
                self._killed_for_memory = False
            case _:
                return
        self.known = True
