"""Pens to Rich styles under the current theme, for widgets that build their own strips.

Such widgets bypass the app's line filters (no colour, dim), so these are applied to each style here, once.
"""

from __future__ import annotations

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.widget import Widget

from ..logs.layout import CURRENT, HIT
from ..terminal import pen as pens
from ..terminal.pen import Pen

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_XTERM = (
    *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#3b78ff", "#cd00cd", "#00cdcd", "#e5e5e5"),
    *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c9cff", "#ff00ff", "#00ffff", "#ffffff"),
)
_FLAGS = (
    (pens.BOLD, Style(bold=True)),
    (pens.DIM, Style(dim=True)),
    (pens.ITALIC, Style(italic=True)),
    (pens.UNDERLINE, Style(underline=True)),
    (pens.UNDERLINE2, Style(underline2=True)),
    (pens.STRIKE, Style(strike=True)),
    (pens.OVERLINE, Style(overline=True)),
)


class Palette:
    """Styles of one widget until its theme changes; make a new one then."""

    def __init__(self, widget: Widget) -> None:
        app = widget.app
        self._variables = app.theme_variables
        self._native = app.native_ansi_color
        self._filters = [
            each for each in app.get_line_filters() if not type(each).__name__.startswith("ANSI")
        ]
        base = widget.visual_style
        self._background = base.background or Color.parse("#000000")
        self.base = self._filtered(base.rich_style)
        self._colors = [
            self._theme(f"pd-ansi-{prefix}{name}", _XTERM[bright * 8 + at])
            for bright, prefix in enumerate(("", "bright-"))
            for at, name in enumerate(_NAMES)
        ]
        self._styles: dict[Pen, Style] = {}
        self._tones: dict[tuple[str, bool], Style] = {}

    def style(self, pen: Pen) -> Style:
        """Return the style of a cell."""
        style = self._styles.get(pen)
        if style is None:
            if len(self._styles) > 4096:
                self._styles.clear()
            style = self._styles[pen] = self._make(pen)
        return style

    def tone(self, name: str, *, reverse: bool = False) -> Style:
        """Return the style of one of the theme's tones (`dim`, `error`, `accent`)."""
        key = (name, reverse)
        style = self._tones.get(key)
        if style is None:
            color = self._theme(f"pd-{name}", self._variables.get(name, "#8a8f98"))
            style = self._tones[key] = self._filtered(self.base + Style(color=color, reverse=reverse))
        return style

    def color(self, text: str) -> Style:
        """Return the base style in the colour `text`, the base itself when that is none."""
        if not text:
            return self.base
        return self._filtered(self.base + Style(color=self._parse(text, "#8a8f98")))

    def _make(self, pen: Pen) -> Style:
        fg, bg, flags, link = pen
        if flags & (HIT | CURRENT):
            return self.tone("match" if flags & HIT else "accent", reverse=True)
        color = self._rich(fg) or self.base.color
        background = self._rich(bg) or self.base.bgcolor
        if flags & pens.CONCEAL:
            color = background
        if flags & pens.REVERSE:
            # Swapped here: the reverse attribute of a terminal does not swap default colours everywhere.
            color, background = background, color
        style = Style(color=color, bgcolor=background, link=link or None)
        for bit, attribute in _FLAGS:
            if flags & bit:
                style += attribute
        return self._filtered(style)

    def _rich(self, color: int | None) -> RichColor | None:
        if color is None:
            return None
        if color & pens.RGB:
            return RichColor.from_rgb(color >> 16 & 255, color >> 8 & 255, color & 255)
        if color < 16:
            return RichColor.from_ansi(color) if self._native else self._colors[color]
        return RichColor.from_ansi(color)

    def _theme(self, name: str, default: str) -> RichColor:
        return self._parse(self._variables.get(name, default), default)

    def _parse(self, text: str, default: str) -> RichColor:
        try:
            return Color.parse(text).rich_color
        except ColorParseError:
            return Color.parse(default).rich_color

    def _filtered(self, style: Style) -> Style:
        segments = [Segment("x", style)]
        for each in self._filters:
            segments = each.apply(segments, self._background)
        return segments[0].style or Style.null()
