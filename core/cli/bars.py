"""Progress of pulls and pushes: a line a layer that is drawn over on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TextIO

from ..schema.images import Progress
from . import terminal
from .render import safe

_CLEAR = "\x1b[2K"
_UP, _DOWN = "\x1b[{}A", "\x1b[{}B"


class Bars:
    """Draws records of progress as they come."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._lines: dict[str, int] = {}

    def show(self, step: Progress) -> None:
        """Draw one step; bars themselves are left out where there is no terminal."""
        moving = step.progress_detail is not None and step.progress_detail.total
        if not self._live:
            if not moving:
                self._out.write(_text(step, 0) + "\n")
                self._out.flush()
            return
        width = (terminal.size(self._out.fileno()) or (0, 80))[1]
        text = _text(step, width)
        if not step.id or (not moving and step.status.startswith("Pulling from")):
            self._lines.clear()
            self._out.write(text + "\n")
        elif step.id in self._lines:
            up = len(self._lines) - self._lines[step.id]
            self._out.write(f"{_UP.format(up)}\r{_CLEAR}{text}\r{_DOWN.format(up)}")
        else:
            self._lines[step.id] = len(self._lines)
            self._out.write(text + "\n")
        self._out.flush()


def _text(step: Progress, width: int) -> str:
    prefix = f"{step.id}: " if step.id else ""
    text = safe(f"{prefix}{step.status or step.stream.rstrip()}")
    if width and step.progress:
        bar = safe(step.progress)
        # A narrow terminal keeps the figures and loses the drawing.
        whole = f"{text} {bar}"
        text = whole if len(whole) < width else f"{text} {bar.rpartition(']')[2].strip()}"
    return text[: width - 1] if width else text
