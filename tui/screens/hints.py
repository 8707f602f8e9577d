"""What the footer says: the keys of the pane that has the focus, and the modes that are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import actions
from ..widgets.logpane import LogPane
from ..widgets.shellpane import ShellPane

if TYPE_CHECKING:
    from .main import MainScreen

Hints = list[tuple[str, str]]

_SHELL: Hints = [("^]", "then"), ("q", "leave"), ("d", "detach"), ("z", "zoom")]
_SHELL += [("[", "look back"), ("]", "paste")]
_LOG: Hints = [("f", "follow"), ("/", "search"), ("&", "filter"), ("t", "time"), ("w", "wrap")]
_LOG_END: Hints = [("}", "next error"), ("z", "zoom"), ("esc", "back")]


def keys(screen: MainScreen) -> Hints:
    """Key and label of what can be done where the focus is."""
    if isinstance(screen.focused, ShellPane):
        return _SHELL
    above = screen.focused.ancestors_with_self if screen.focused is not None else ()
    if any(isinstance(widget, LogPane) for widget in above):
        return [*_LOG, *_LOG_END, (screen.keymap.first("screen.help"), "help")]
    return actions.hints(screen.scopes(), screen.targets(), screen.keymap)


def flags(screen: MainScreen) -> list[str]:
    """The modes that are on, and what was just done."""
    result = [screen.said] if screen.said else []
    if screen.places.zoomed:
        result.append("zoom")
    if not screen.panes["container"].table.show_hidden:
        result.append("stopped hidden")
    if kept := sum(len(screen.sessions.detached(id)) for id in {id for id, _ in screen.sessions}):
        result.append(f"{kept} shell{'s' * (kept > 1)} kept")
    return result
