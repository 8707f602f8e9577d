"""The split area: one to four panes side by side, each in a frame that says what it is."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.message import Message

from .logpane import LogPane
from .shellpane import ShellPane

MOST = 4
_NARROW = 100

Pane = LogPane | ShellPane


class PaneFrame(Vertical):
    """A border around a pane: its title above, its state below. The pane itself draws no border."""

    DEFAULT_CSS = """
    PaneFrame { border: round $panel; border-title-color: $text-muted; border-subtitle-color: $text-muted; }
    PaneFrame:focus-within { border: round $accent; border-title-color: $text; }
    """

    def __init__(self, pane: Pane) -> None:
        super().__init__()
        self.pane = pane

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.label()

    def label(self) -> None:
        """Write title and state into the border, as text: a container's name is no markup."""
        self.border_title = self.pane.title.replace("[", r"\[")
        self.border_subtitle = self.pane.status.replace("[", r"\[")


class SplitArea(Grid):
    """One to four log or shell panes, each pinned to its container.

    Two stand side by side, three as one beside two, four two by two; in a narrow area they are stacked.
    """

    DEFAULT_CSS = """
    SplitArea { height: 1fr; width: 1fr; grid-size: 1 1; grid-gutter: 0; }
    SplitArea.two { grid-size: 2 1; }
    SplitArea.three { grid-size: 2 2; }
    SplitArea.three > .first { row-span: 2; }
    SplitArea.four { grid-size: 2 2; }
    SplitArea.narrow { grid-size: 1; grid-rows: 1fr; }
    SplitArea.narrow > .first { row-span: 1; }
    SplitArea.zoomed { grid-size: 1 1; }
    SplitArea.zoomed > PaneFrame { display: none; row-span: 1; }
    SplitArea.zoomed > PaneFrame.alone { display: block; }
    """

    class PaneClosed(Message):
        """A pane left the area; a shell's session lives on."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    class Emptied(Message):
        """The last pane left the area."""

    @property
    def panes(self) -> list[Pane]:
        return [frame.pane for frame in self._frames]

    @property
    def focused_pane(self) -> Pane | None:
        """The pane that has the keyboard."""
        focused = self.screen.focused
        return next(
            (f.pane for f in self._frames if focused is not None and focused in f.walk_children()), None
        )

    async def add(self, pane: Pane) -> bool:
        """Show `pane` beside the others; False when four are shown already. The focus stays where it is."""
        if len(self._frames) >= MOST:
            return False
        self.remove_class("zoomed")
        await self.mount(PaneFrame(pane))
        self._arrange()
        return True

    async def close(self, pane: Pane | None = None) -> None:
        """Take `pane`, or the focused one, out."""
        pane = pane or self.focused_pane
        frame = next((frame for frame in self._frames if frame.pane is pane), None)
        if pane is None or frame is None:
            return
        at = self._frames.index(frame)
        had_focus = pane is self.focused_pane
        self.remove_class("zoomed")
        others = [other for other in self._frames if other is not frame]
        if others and had_focus:
            # Before the pane goes: later the focus may have gone elsewhere, and stays there.
            others[min(at, len(others) - 1)].pane.focus()
        await frame.remove()
        self._arrange()
        self.post_message(self.PaneClosed(pane))
        if not self._frames:
            self.post_message(self.Emptied())

    def focus_next(self) -> None:
        """Move the keyboard to the next pane, around the end."""
        self._step(1)

    def focus_previous(self) -> None:
        self._step(-1)

    def zoom(self) -> None:
        """Show only the focused pane, or all again."""
        pane = self.focused_pane
        if self.has_class("zoomed") or pane is None:
            self.remove_class("zoomed")
            return
        for frame in self._frames:
            frame.set_class(frame.pane is pane, "alone")
        self.add_class("zoomed")

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width)

    @on(LogPane.StatusChanged)
    @on(ShellPane.StatusChanged)
    def _label(self, event: LogPane.StatusChanged | ShellPane.StatusChanged) -> None:
        for frame in self._frames:
            if frame.pane is event.pane:
                event.stop()
                frame.label()

    @on(ShellPane.Released)
    async def _released(self, event: ShellPane.Released) -> None:
        """A pane whose shell has ended has nothing to come back to."""
        if event.pane.session.ended:
            await self.close(event.pane)

    @on(ShellPane.ZoomAsked)
    def _zoom_asked(self) -> None:
        self.zoom()

    @on(ShellPane.DetachAsked)
    async def _detached(self, event: ShellPane.DetachAsked) -> None:
        await self.close(event.pane)

    @property
    def _frames(self) -> list[PaneFrame]:
        return [child for child in self.children if isinstance(child, PaneFrame)]

    def _arrange(self, width: int | None = None) -> None:
        frames = self._frames
        narrow = (self.size.width if width is None else width) < _NARROW
        for count, name in ((2, "two"), (3, "three"), (4, "four")):
            self.set_class(len(frames) == count and not narrow, name)
        self.set_class(narrow, "narrow")
        for at, frame in enumerate(frames):
            frame.set_class(at == 0, "first")

    def _step(self, by: int) -> None:
        frames = self._frames
        if not frames:
            return
        pane = self.focused_pane
        at = next((i for i, frame in enumerate(frames) if frame.pane is pane), -by)
        if self.has_class("zoomed"):
            self.remove_class("zoomed")
        frames[(at + by) % len(frames)].pane.focus()
