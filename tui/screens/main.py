"""The main screen: lists on the left, detail and split area on the right. It composes and hands on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker

from pydock.core.errors import PydockError, Unavailable

from .. import actions
from ..acts.action import Action, Target, TargetKind
from ..config import Settings
from ..keymap import Keymap
from ..mirror import Mirror
from ..rows import containers, images, layers, networks, welcome
from ..terminal.sessions import Sessions
from ..text import Glyphs
from ..typeahead import TypeAhead
from ..widgets.bars import Banner, Footer, Header
from ..widgets.detail import Detail
from ..widgets.listpane import ListPane
from ..widgets.logpane import LogPane
from ..widgets.shellpane import ShellPane
from ..widgets.split import Pane, SplitArea
from ..widgets.splits import Splits
from ..widgets.table import Table
from . import finding, hints, open
from .commands import COMMANDS
from .feed import Feed
from .lists import Lists
from .perform import open_menu, perform
from .places import Places

if TYPE_CHECKING:
    from pydock.core.client import Client

STATS_S = 2.0
AGES_S = 60.0
SAID_S = 4.0


class MainScreen(Screen[None], inherit_bindings=False):
    """The workstation.

    `pinned` says whose log or shell a pane of the split area is; `sessions` has all shells, also those that
    go on without a pane.
    """

    def __init__(
        self,
        mirror: Mirror,
        settings: Settings,
        keymap: Keymap,
        glyphs: Glyphs,
        host: str,
        themes: Sequence[str],
        typing: TypeAhead,
        trouble: Sequence[str] = (),
    ) -> None:
        """`trouble` is shown in the banner from the first frame on."""
        super().__init__()
        self.mirror = mirror
        self.settings = settings
        self.keymap = keymap
        self.glyphs = glyphs
        self.themes = themes
        self.typing = typing
        self.trouble = trouble
        self.header = Header(glyphs, host)
        self.banner = Banner(glyphs)
        self.footer = Footer()
        self.panes: dict[TargetKind, ListPane] = {
            "container": ListPane(1, "container", "Containers", containers.COLUMNS, glyphs),
            "image": ListPane(2, "image", "Images", images.COLUMNS, glyphs),
            "layer": ListPane(3, "layer", "Layers", layers.COLUMNS, glyphs),
            "network": ListPane(4, "network", "Networks", networks.COLUMNS, glyphs),
        }
        self.detail = Detail(glyphs, welcome.lines(keymap))
        self.split = Splits(id="split")
        self.kind: TargetKind = "container"
        self.pinned: dict[Pane, Target] = {}
        self.sessions = Sessions()
        self.last: Action | None = None
        self.said = ""
        self._complained = ("", 0.0)
        self.lists = Lists(self.panes, mirror.picture, glyphs)
        self.places: Places = Places(self)
        self.feed = Feed(self)

    def compose(self) -> ComposeResult:
        yield self.header
        yield self.banner
        with Horizontal(id="body"):
            with Vertical(id="lists"):
                yield from self.panes.values()
            with Vertical(id="right"):
                yield self.detail
                yield self.split
        yield self.footer
        yield Static("", id="tiny")

    def on_mount(self) -> None:
        self.panes["container"].table.show_hidden = self.settings.show_stopped
        for pane in self.panes.values():
            pane.table.empty_text = "connecting"
        self.split.display = False
        self.banner.show("\n".join(self.trouble))
        self.header.show(self.mirror.picture)
        self.set_focus(self.panes["container"].table)
        self.refresh_footer()
        self.set_interval(STATS_S, self.feed.sample, name="stats")
        self.set_interval(AGES_S, self.lists.grow_older, name="ages")

    # -- actions

    def scopes(self) -> tuple[str, ...]:
        """Where the keys of now are looked up, in this order."""
        if self.split.has_focus_within:
            return ("container", "global")
        return (self.kind, "list", "global")

    def targets(self) -> list[Target]:
        """What an action acts on now: the pane's container, the detail's object, or the list's rows."""
        match self.places.here:
            case "split":
                pane = self.split.focused_pane
                pinned = self.pinned.get(pane) if pane is not None else None
                fresh = self.lists.target("container", pinned.id) if pinned is not None else None
                return [fresh] if fresh is not None else []
            case "detail":
                return [self.detail.target] if self.detail.target is not None else []
            case _:
                return self.lists.targets(self.kind)

    def press(self, key: str) -> None:
        """Do what this key means where the focus is."""
        id = self.keymap.action(key, self.scopes())
        if id is None:
            return
        try:
            begun = self.begin(actions.BY_ID[id], self.targets())
        except Exception as error:  # noqa: BLE001  # a key's action is as good as a worker
            self._tell(error)
        else:
            if begun is not None:
                self.typing.hold(self.run(lambda: begun))

    def begin(self, action: Action, targets: Sequence[Target]) -> Awaitable[None] | None:
        """Do what an action does at once, or say why not; returns the rest of it, if any is left."""
        refusal = action.refusal(targets)
        if not refusal and action.needs_engine and self.client is None:
            refusal = self.no_client
        if refusal:
            self.complain(refusal, severity="warning")
            if action.takes_keys:
                self.typing.drop()
            return None
        if action.about_targets and not action.menu:
            self.last = action
        if action.menu:
            return open_menu(self, action, targets)
        if action.run is not None:
            return perform(self, action, targets)
        rest = COMMANDS[action.id](self, targets)
        return self._take_keys(rest) if rest is not None and action.takes_keys else rest

    async def do(self, action: Action, targets: Sequence[Target]) -> None:
        """Do an action to its end, or say why not."""
        if (rest := self.begin(action, targets)) is not None:
            await rest

    async def _take_keys(self, action: Awaitable[None]) -> None:
        """Do an action that wants the keyboard; when it fails, nothing else may get what was typed for it."""
        try:
            await action
        except (PydockError, OSError):
            self.typing.drop()
            raise

    def run(self, task: Callable[[], Awaitable[None]], group: str = "") -> Worker[None]:
        """Run something that may ask the engine; what fails is said in one line.

        In a named group the next one takes the place of the one before.
        """

        async def guarded() -> None:
            try:
                await self._guarded(task)
            finally:
                self.typing.moved()

        started: Worker[None] = self.run_worker(
            guarded, group=group or "actions", exclusive=bool(group), exit_on_error=False
        )
        started.name = group or "action"
        return started

    async def _guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        try:
            await task()
        except Exception as error:  # noqa: BLE001  # a worker is one of the places where errors stop
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        match error:
            case PydockError():
                self.complain(error.message)
            case OSError():
                self.complain(f"{error.filename or 'connection'}: {error.strerror or error}")
            case _:
                self.app.log.error(error)
                self.complain(f"this should not happen: {type(error).__name__}: {error}")

    @property
    def client(self) -> Client | None:
        return self.mirror.client

    @property
    def no_client(self) -> str:
        """Why there is no engine to ask."""
        return self.mirror.picture.link.why or "not connected yet"

    def need_client(self) -> Client:
        """The client; raises Unavailable while there is none."""
        if self.mirror.client is None:
            raise Unavailable(self.no_client)
        return self.mirror.client

    @property
    def pane(self) -> ListPane:
        """The list that has or last had the focus."""
        return self.panes[self.kind]

    def show_target(self, target: Target | None) -> None:
        """Show this in the detail pane."""
        self.detail.show(target)

    # -- what widgets say

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        if event.table is self.panes["image"].table:
            self.run(self.feed.bring_layers, group="layers")
        if event.table is self.pane.table:
            self.show_target(self.lists.cursor(self.kind))
        self.refresh_footer()

    @on(Table.Shown)
    def _shown(self, event: Table.Shown) -> None:
        self.refresh_footer()

    @on(Table.Chosen)
    def _chosen(self, event: Table.Chosen) -> None:
        self.press("enter")

    @on(ListPane.Activated)
    def _activated(self, event: ListPane.Activated) -> None:
        if not event.pane.has_focus_within:
            return
        if event.pane.kind != self.kind:
            self.kind = event.pane.kind
            self.places.share_heights()
        self.show_target(self.lists.cursor(self.kind))

    @on(Detail.Wanted)
    def _wanted(self, event: Detail.Wanted) -> None:
        self.feed.bring(event.target, event.tab)

    @on(Splits.Zoomed)
    def _split_zoomed(self, event: Splits.Zoomed) -> None:
        self.places.zoom(self.split if event.alone else None)

    @on(SplitArea.PaneClosed)
    def _pane_closed(self, event: SplitArea.PaneClosed) -> None:
        if not self.split.alone and self.places.zoomed:
            self.places.zoom(None)
        open.closed(self, event.pane)

    @on(SplitArea.Emptied)
    def _emptied(self) -> None:
        self.split.display = False
        self.places.home()

    @on(ShellPane.Released)
    def _released(self, event: ShellPane.Released) -> None:
        self.places.home()
        if event.key:
            self.press(event.key)

    @on(ShellPane.Exited)
    def _exited(self, event: ShellPane.Exited) -> None:
        # What a program said before it failed stays readable; a clean end just goes.
        if event.code == 0:
            if event.pane.has_focus:
                self.typing.drop()
            self.run(partial(self.split.close, event.pane))

    @on(LogPane.LineChosen)
    def _line_chosen(self, event: LogPane.LineChosen) -> None:
        self.run(partial(finding.jump, self, event))

    def on_resize(self, event: events.Resize) -> None:
        self.places.fit(event.size)
        self.header.show(self.mirror.picture)
        self.refresh_footer()

    def on_screen_suspend(self) -> None:
        self.typing.moved()

    def on_descendant_focus(self) -> None:
        self.refresh_footer()

    # -- the lines around

    def say(self, text: str) -> None:
        """Say what was done, at the right of the footer for a while."""
        self.said = text
        self.refresh_footer()
        self.set_timer(SAID_S, partial(self._unsay, text))

    def _unsay(self, text: str) -> None:
        if self.said == text:
            self.said = ""
            self.refresh_footer()

    def complain(self, text: str, severity: Literal["warning", "error"] = "error") -> None:
        """Say what did not work, where it can't be missed; the same thing not twice within a moment."""
        now = time.monotonic()
        if text == self._complained[0] and now - self._complained[1] < SAID_S:
            return
        self._complained = (text, now)
        self.notify(text, severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    def refresh_footer(self) -> None:
        """Show the keys that are valid now."""
        if self.is_mounted:
            self.footer.show(hints.keys(self), hints.flags(self))
