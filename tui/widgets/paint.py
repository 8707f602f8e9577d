"""Tones to styles: what a widget that builds its own strips needs of the theme."""

from __future__ import annotations

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.widget import Widget

from ..theme import TONES


class Paint:
    """The styles of one widget under the theme of now; make a new one when styles were updated."""

    def __init__(self, widget: Widget) -> None:
        self._variables = widget.app.theme_variables
        self.base = Style.from_color(bgcolor=widget.rich_style.bgcolor)
        self.ansi = widget.app.native_ansi_color
        self._tones = {tone: self._tone(tone) for tone in TONES}

    def tone(self, name: str, stale: bool = False) -> Style:
        """Text in this tone; everything is faint on a widget whose facts may be old."""
        return self._tones.get("faint" if stale else name, self._tones["text"])

    def background(self, variable: str) -> Style:
        """A background by CSS variable; reversed where the theme has only the terminal's own colours."""
        if self.ansi:
            return Style(reverse=variable == "pd-cursor", underline=variable == "pd-cursor-blurred")
        return Style.from_color(bgcolor=self._color(variable))

    def _tone(self, name: str) -> Style:
        style = Style.from_color(self._color(f"pd-{name}"))
        if self.ansi:
            style += Style(
                dim=name in ("faint", "exited"), bold=name in ("failed", "error", "match", "title")
            )
        return style

    def _color(self, variable: str) -> RichColor | None:
        try:
            return Color.parse(self._variables.get(variable, "")).rich_color
        except ColorParseError:
            return None
