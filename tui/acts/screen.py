"""What only the screen does: panes, lists, filter, sort, help, palette, themes."""

from __future__ import annotations

from .action import Action

_PANES = ("containers", "images", "layers", "networks", "detail", "split", "events")

ACTIONS = (
    *(
        Action(f"pane.{name}", f"go to {name}", (str(number),), help=f"go to {name}")
        for number, name in enumerate(_PANES, 1)
    ),
    Action("pane.next", "next pane", ("tab",), help="go to the next pane"),
    Action("pane.previous", "previous pane", ("shift+tab",), help="go to the pane before"),
    Action("detail.next", "next tab", ("]",), help="next detail tab"),
    Action("detail.previous", "previous tab", ("[",), help="previous detail tab"),
    Action("split.close", "close pane", ("X",), help="take the focused pane out of the split area"),
    Action("screen.zoom", "zoom", ("z",), help="the focused pane alone, or all again"),
    Action("screen.filter", "filter", ("/",), help="type to filter this list; esc clears", hint=20),
    Action("screen.palette", "commands", (":", "ctrl+p"), help="find any action or object by name", hint=21),
    Action("screen.help", "help", ("?", "f1"), help="the keys that work here", hint=22),
    Action("screen.shells", "shells", ("ctrl+e",), help="come back to a shell that was left"),
    Action("screen.find", "find", ("F",), help="search the logs of all containers, or of the marked ones"),
    Action("screen.theme", "theme", ("T",), help="choose a theme, seen while you choose"),
    Action("screen.reload", "reload", ("ctrl+r",), help="read everything again; reconnect"),
    Action("screen.repeat", "repeat", (".",), help="do the last action to this row"),
    Action("screen.back", "back", ("escape",), help="one level back; clears filter, marks, zoom"),
    Action("screen.quit", "back or quit", ("q",), help="back, and at the top: quit; containers go on"),
    Action("app.quit", "quit", ("ctrl+q",), help="quit; containers go on"),
    Action("list.down", "down", ("j", "down"), "list", "next row"),
    Action("list.up", "up", ("k", "up"), "list", "row before"),
    Action("list.top", "top", ("g", "home"), "list", "first row"),
    Action("list.bottom", "bottom", ("G", "end"), "list", "last row"),
    Action("list.page-down", "page down", ("pagedown",), "list", "a page down"),
    Action("list.page-up", "page up", ("pageup",), "list", "a page up"),
    Action("list.half-down", "half page down", ("ctrl+d",), "list", "half a page down"),
    Action("list.half-up", "half page up", ("ctrl+u",), "list", "half a page up"),
    Action("list.next", "next match", ("n",), "list", "next row that passes the filter, round the end"),
    Action("list.previous", "previous match", ("N",), "list", "the one before"),
    Action("list.mark", "mark", ("space",), "list", "mark the row; actions then act on all marked rows"),
    Action("list.invert", "invert marks", ("*",), "list", "mark the others instead"),
    Action("list.choose", "open", ("enter",), "list", "go to its detail"),
    Action("list.sort", "sort by", ("o",), "list", "choose the column to sort by"),
    Action("list.reverse", "reverse", ("O",), "list", "turn the order round"),
    Action("list.stopped", "stopped", ("A",), "list", "show or hide stopped containers"),
)
