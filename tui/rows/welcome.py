"""What stands in the detail pane while nothing is selected: the first keys."""

from __future__ import annotations

from ..keymap import Keymap
from .tree import Line

_FIRST = (
    ("image.load", "load an image from an archive"),
    ("image.run", "run a container from an image"),
    ("container.logs", "watch a container's log"),
    ("container.shell", "open a shell in it"),
    ("container.split", "put its log beside others"),
    ("screen.palette", "find any action or object by name"),
    ("screen.help", "all keys that work here"),
    ("screen.quit", "quit: containers go on"),
)


def lines(keymap: Keymap) -> list[Line]:
    """The first keys as lines: those of the user's own key map."""
    images = keymap.first("pane.images")
    result = [Line(0, "", "pydock: containers, images, logs and shells in one terminal", "text")]
    result.append(Line(0, "", "", "dim"))
    for id, text in _FIRST:
        keys = keymap.first(id)
        if id.startswith("image."):
            keys = f"{images} {keys}"
        if keymap.first(id):
            result.append(Line(1, "", f"{keys:5} {text}", "text"))
    return result
