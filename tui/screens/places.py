"""Where the focus is and goes: panes, zoom, the layout of a size."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from ..acts.action import TargetKind
from ..widgets.listpane import ListPane
from . import layout

if TYPE_CHECKING:
    from .main import MainScreen

KINDS: dict[str, TargetKind] = {
    "containers": "container",
    "images": "image",
    "layers": "layer",
    "networks": "network",
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_LAYOUTS = ("-tiny", "-narrow", "-medium", "-wide", "-short")


class Places:
    """Moves the focus between the panes of one screen.

    Invariant: the pane that gets the focus is shown, whatever the layout or the zoom.
    """

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._zoomed: Widget | None = None
        self._awaited: tuple[str, str] | None = None

    @property
    def here(self) -> str:
        """The name of the pane that has the focus."""
        screen = self._screen
        if screen.split.has_focus_within:
            return "split"
        return "detail" if screen.detail.has_focus_within else _NAMES[screen.kind]

    @property
    def zoomed(self) -> bool:
        return self._zoomed is not None

    def go(self, name: str) -> None:
        """Give a pane the focus; a hidden one is shown first."""
        screen = self._screen
        if name == "events":
            screen.detail.choose("events")
            name = "detail"
        if name == "split" and not screen.pinned:
            screen.say("no pane is open: L adds a log, e opens a shell")
            return
        target = self._widget(name)
        if self._zoomed is not None and self._zoomed is not target:
            self.zoom(None)
        screen.set_class(name in ("detail", "split"), "-right")
        if name in KINDS:
            screen.kind = KINDS[name]
            self.share_heights()
            screen.set_focus(screen.pane.table)
        elif name == "detail":
            screen.detail.focus_body()
        else:
            self._focus_some_pane()

    def home(self) -> None:
        """Back to the list that had the focus last."""
        self.go(_NAMES[self._screen.kind])

    def cycle(self, count: int) -> None:
        """Go some panes on, round the end."""
        names = [*KINDS, "detail", *(["split"] if self._screen.pinned else [])]
        self.go(names[(names.index(self.here) + count) % len(names)])

    def go_to_pane(self, pane: Widget) -> None:
        """Give a pane of the split area the focus."""
        if self._zoomed is not None and self._zoomed is not self._screen.split:
            self.zoom(None)
        self._screen.set_class(True, "-right")
        self._screen.set_focus(pane)

    def jump(self, kind: str, key: str) -> None:
        """Go to an object's row, even if a filter hid it; one that was just made is waited for."""
        pane = self._screen.panes[KINDS[_NAMES[kind]]]  # type: ignore[index]  # the palette made it of a kind
        if not pane.table.select(key):
            pane.clear_filter()
            pane.table.show_hidden = True
            pane.table.rearrange()
            if not pane.table.select(key):
                self._awaited = (kind, key)
        self.go(_NAMES[pane.kind])

    def arrived(self, kind: str, keys: Collection[str]) -> None:
        """Rows came: if one of them is waited for, the cursor goes to it."""
        if self._awaited is not None and self._awaited[0] == kind and self._awaited[1] in keys:
            key, self._awaited = self._awaited[1], None
            self.jump(kind, key)

    def back(self) -> bool:
        """One level back; False at the top."""
        screen = self._screen
        if self._zoomed is not None:
            self.zoom(None)
        elif self.here == "detail" and screen.detail.clear_search():
            return True
        elif self.here in ("detail", "split"):
            self.home()
        elif screen.pane.clear_filter():
            return True
        elif screen.pane.table.marks:
            screen.pane.table.clear_marks()
        elif screen.kind != "container":
            self.go("containers")
        else:
            return False
        return True

    def toggle_zoom(self) -> None:
        """The focused pane alone, or all again."""
        if self._zoomed is not None:
            self.zoom(None)
        elif self.here == "split":
            # It tells the screen, which calls `zoom` for the rest.
            self._screen.split.zoom()
        else:
            self.zoom(self._widget(self.here))

    def zoom(self, pane: Widget | None) -> None:
        """Show this pane alone, or with None all again."""
        screen = self._screen
        if self._zoomed is not None:
            self._zoomed.remove_class("-zoomed")
        self._zoomed = pane
        if pane is not screen.split and screen.split.alone:
            screen.split.zoom()
        left = isinstance(pane, ListPane)
        screen.set_class(pane is not None, "-zoom")
        screen.set_class(left, "-zoom-left")
        screen.set_class(pane is not None and not left, "-zoom-right")
        if pane is not None:
            pane.add_class("-zoomed")
        self.share_heights()
        screen.refresh_footer()

    def fit(self, size: Size) -> None:
        """Choose the layout of this size."""
        screen = self._screen
        wanted = layout.classes(size.width, size.height)
        for name in _LAYOUTS:
            screen.set_class(name in wanted, name)
        least = f"{layout.LEAST_WIDTH}x{layout.LEAST_HEIGHT}"
        screen.query_one("#tiny", Static).update(f"pydock needs {least}\nthis is {size.width}x{size.height}")
        screen.call_after_refresh(self.share_heights)

    def share_heights(self) -> None:
        """Give each list the lines that it needs, as far as they go."""
        screen = self._screen
        kinds = list(screen.panes)
        total = max(screen.size.height - 2 - screen.banner.display * screen.banner.size.height, 1)
        rows = [len(screen.panes[kind].table.rows) for kind in kinds]
        active = kinds.index(screen.kind)
        shared = layout.heights(total, rows, active)
        for number, (kind, height) in enumerate(zip(kinds, shared, strict=True)):
            pane = screen.panes[kind]
            pane.set_class(number == active, "-active")
            alone = screen.has_class("-short") or self._zoomed is pane
            pane.styles.height = "1fr" if alone else height

    def _widget(self, name: str) -> Widget:
        screen = self._screen
        if name in KINDS:
            return screen.panes[KINDS[name]]
        return screen.detail if name == "detail" else screen.split

    def _focus_some_pane(self) -> None:
        if not self._screen.split.has_focus_within:
            self._screen.split.focus_next()
