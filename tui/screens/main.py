"""The main screen: lists on the left, detail and split area on the right. It composes and hands on."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from pydock.core.errors import PydockError, Unavailable

from .. import actions
from ..acts.action import Action, Target, TargetKind
from ..config import Settings
from ..keymap import Keymap
from ..mirror import Mirror
from ..picture import Changed, Happened, Link, Sampled, Update
from ..rows import containers, images, layers, networks
from ..rows import events as event_rows
from ..text import Glyphs
from ..widgets.bars import Banner, Footer, Header
from ..widgets.detail import Detail
from ..widgets.listpane import ListPane
from ..widgets.logpane import LogPane
from ..widgets.shellpane import ShellPane
from ..widgets.split import SplitArea
from ..widgets.table import Table
from . import layout, open
from .commands import COMMANDS
from .lists import Lists
from .perform import open_menu, perform

if TYPE_CHECKING:
    from pydock.core.client import Client

PANES = ("containers", "images", "layers", "networks", "detail", "split")
_KINDS: dict[str, TargetKind] = {
    "containers": "container",
    "images": "image",
    "layers": "layer",
    "networks": "network",
}
STATS_S = 2.0
SAID_S = 4.0


class MainScreen(Screen[None], inherit_bindings=False):
    """The workstation.

    `pinned` says whose log or shell a pane of the split area is.
    """

    def __init__(
        self,
        mirror: Mirror,
        settings: Settings,
        keymap: Keymap,
        glyphs: Glyphs,
        host: str,
        themes: Sequence[str],
    ) -> None:
        super().__init__()
        self.mirror = mirror
        self.settings = settings
        self.keymap = keymap
        self.glyphs = glyphs
        self.themes = themes
        self.header = Header(glyphs, host)
        self.banner = Banner(glyphs)
        self.footer = Footer()
        self.panes: dict[TargetKind, ListPane] = {
            "container": ListPane(1, "container", "Containers", containers.COLUMNS, glyphs),
            "image": ListPane(2, "image", "Images", images.COLUMNS, glyphs),
            "layer": ListPane(3, "layer", "Layers", layers.COLUMNS, glyphs),
            "network": ListPane(4, "network", "Networks", networks.COLUMNS, glyphs),
        }
        self.detail = Detail(glyphs)
        self.split = SplitArea(id="split")
        self.lists = Lists(self.panes, mirror.picture, glyphs)
        self.kind: TargetKind = "container"
        self.pinned: dict[Widget, Target] = {}
        self.last: Action | None = None
        self.trouble: list[str] = []
        self._zoomed: Widget | None = None
        self._said = ""
        self._sampling = False
        self._event_count = 0

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
        self.panes["layer"].table.sort_column = 0
        self.panes["container"].table.show_hidden = self.settings.show_stopped
        for pane in self.panes.values():
            pane.table.empty_text = "connecting"
        self.show_split(False)
        self.banner.show("\n".join(self.trouble))
        self.header.show(self.mirror.picture)
        self.refresh_footer()
        self.panes["container"].table.focus()
        self.set_interval(STATS_S, self._sample, name="stats")
        self.set_interval(60, self.lists.grow_older, name="ages")

    # -- what the mirror says

    def take(self, update: Update) -> None:
        """Show an update of the picture."""
        match update:
            case Changed():
                self.lists.apply(update)
                self._share_heights()
                self._renew(update)
            case Sampled():
                self.lists.sampled(update.ids)
                self._bring_stats()
            case Happened():
                self._event_count += 1
                if (target := self.detail.target) is None or _concerns(update, target):
                    self.detail.events.update_rows([event_rows.row(self._event_count, update.event)])
            case Link():
                self._take_link(update)
        if not isinstance(update, Sampled | Happened):
            self.header.show(self.mirror.picture)
            self.refresh_footer()

    def _take_link(self, link: Link) -> None:
        self.lists.set_link(link.state)
        lines = list(self.trouble)
        if link.state in ("lost", "failed"):
            again = f": {self.keymap.first('screen.reload')} tries again" if link.state == "failed" else ""
            lines.insert(0, link.why + again)
        elif self.mirror.picture.info is not None:
            lines += self.mirror.picture.info.warnings or ()
        self.banner.show("\n".join(lines[:2]), "error" if link.state == "failed" else "warning")
        if link.state == "live":
            for log in self._logs():
                log.resume()
            self.show_target(self.lists.cursor(self.kind))
            self._sample()

    def _renew(self, change: Changed) -> None:
        """What is shown of changed objects is asked for again."""
        target = self.detail.target
        if target is None or target.id in change.removed:
            self.show_target(self.lists.cursor(self.kind))
        elif target.id in change.upserted and target.kind == change.kind:
            fresh = self.lists.target(target.kind, target.id)
            self.detail.show(fresh)
            if fresh is not None and self.detail.tab == "inspect":
                self.run(self._bring_lines(fresh, keep_place=True))
        for pane, pinned in self.pinned.items():
            if isinstance(pane, LogPane) and pinned.id in change.upserted:
                pane.resume()
        if target is not None and target.id in change.upserted and self.detail.log is not None:
            self.detail.log.resume()

    def _logs(self) -> list[LogPane]:
        logs = [pane for pane in self.pinned if isinstance(pane, LogPane)]
        return logs if self.detail.log is None else [*logs, self.detail.log]

    # -- statistics: only of what is on the screen

    def _sample(self) -> None:
        if self._sampling or not self.is_current or not self.app.app_focus:
            return
        shown = set(
            self.panes["container"].table.visible_keys() if self.panes["container"].is_on_screen else ()
        )
        if (target := self.detail.target) is not None and self.detail.tab == "stats":
            shown.add(target.id)
        records = self.mirror.picture.containers
        ids = [id for id in shown if id in records and records[id].state == "running"]
        if ids:
            self._sampling = True
            self.run_worker(self._read_stats(ids), group="stats", exit_on_error=False)

    async def _read_stats(self, ids: list[str]) -> None:
        try:
            await self.mirror.sample(ids)
        except (PydockError, OSError):
            # The next list or event says what is wrong with the line; a missing sample says nothing.
            pass
        finally:
            self._sampling = False

    # -- what the detail pane shows

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        if event.table is self.panes["image"].table:
            self.run(self._bring_layers(), group="layers")
        if event.table is self.panes[self.kind].table:
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
        if event.pane.kind != self.kind:
            self.kind = event.pane.kind
            self._share_heights()
        self.show_target(self.lists.cursor(self.kind))

    def show_target(self, target: Target | None) -> None:
        self.detail.show(target)

    @on(Detail.Wanted)
    def _wanted(self, event: Detail.Wanted) -> None:
        match event.tab:
            case "logs":
                self.detail.bring_log(event.target, open.log_source(self, event.target))
            case "stats":
                self._bring_stats()
                self._sample()
            case "events":
                self._bring_events(event.target)
            case _:
                self.run(self._bring_lines(event.target), group="inspect")

    def _bring_stats(self) -> None:
        if (target := self.detail.target) is not None:
            self.detail.bring_history(target, self.mirror.picture.history.get(target.id))

    def _bring_events(self, target: Target) -> None:
        first = self._event_count - len(self.mirror.picture.events) + 1
        self.detail.events.replace_rows(
            event_rows.row(number, event)
            for number, event in enumerate(self.mirror.picture.events, first)
            if _concerns(Happened(event), target)
        )

    async def _bring_lines(self, target: Target, keep_place: bool = False) -> None:
        self.detail.bring_lines(target, await open.lines(self, target), keep_place=keep_place)

    async def _bring_layers(self) -> None:
        image = self.lists.cursor("image")
        if image is None or self.client is None:
            self.lists.show_layers("", ())
        else:
            self.lists.show_layers(image.name, await self.client.images.history(image.id))
        self._share_heights()

    # -- keys and actions

    def scopes(self) -> tuple[str, ...]:
        """Where the keys of now are looked up, in this order."""
        if self.split.has_focus_within:
            return ("container", "global")
        return (self.kind, "list", "global")

    def targets(self) -> list[Target]:
        """What an action acts on now: the pane's container, the detail's object, or the list's rows."""
        if self.split.has_focus_within:
            pinned = next(
                (t for pane, t in self.pinned.items() if pane.has_focus_within or pane.has_focus), None
            )
            fresh = self.lists.target("container", pinned.id) if pinned is not None else None
            return [fresh] if fresh is not None else []
        if self.detail.has_focus_within:
            return [self.detail.target] if self.detail.target is not None else []
        return self.lists.targets(self.kind)

    def press(self, key: str) -> None:
        """Do what this key means where the focus is."""
        id = self.keymap.action(key, self.scopes())
        if id is not None:
            self.run(self.do(actions.BY_ID[id], self.targets()))

    async def do(self, action: Action, targets: Sequence[Target]) -> None:
        """Do an action, or say why not."""
        if action.id in ("image.load",):
            refusal = ""
        else:
            refusal = action.refusal(targets)
        if not refusal and action.needs_engine and self.client is None:
            refusal = self.no_client
        if refusal:
            self.complain(refusal, severity="warning")
            return
        if action.about_targets and not action.menu:
            self.last = action
        if action.menu:
            await open_menu(self, action, targets)
        elif action.run is not None:
            await perform(self, action, targets)
        elif (result := COMMANDS[action.id](self, targets)) is not None:
            await result

    def run(self, work: Awaitable[None], group: str = "actions") -> None:
        """Run something that may ask the engine; what fails is said in one line."""
        self.run_worker(self._guarded(work), group=group, exclusive=group != "actions", exit_on_error=False)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except PydockError as error:
            self.complain(error.message)
        except OSError as error:
            self.complain(f"{error.filename or 'connection'}: {error.strerror or error}")
        except Exception as error:
            # A worker is one of the places where errors stop: the screen and its shells must outlive a bug.
            self.log.error(error)
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

    # -- focus, zoom, layout

    @property
    def pane(self) -> ListPane:
        """The list that has or last had the focus."""
        return self.panes[self.kind]

    def go(self, name: str) -> None:
        """Give a pane the focus; a hidden one is shown first."""
        if name == "events":
            self.detail.choose("events")
            name = "detail"
        if name == "split" and not self.pinned:
            self.say("no pane is open: L adds a log, e opens a shell")
            return
        target: Widget = (
            self.panes[_KINDS[name]] if name in _KINDS else self.detail if name == "detail" else self.split
        )
        if self._zoomed is not None and self._zoomed is not target:
            self._zoom(None)
        self.set_class(name in ("detail", "split"), "-right")
        if name in _KINDS:
            self.kind = _KINDS[name]
            self._share_heights()
            self.call_after_refresh(self.panes[self.kind].table.focus)
        elif name == "detail":
            self.detail.focus_body()
        else:
            self.call_after_refresh(self._focus_some_pane)

    def _focus_some_pane(self) -> None:
        if not self.split.has_focus_within:
            self.split.focus_next()

    def focus_split(self, pane: Widget) -> None:
        self.set_class(True, "-right")
        if self._zoomed is not None and self._zoomed is not self.split:
            self._zoom(None)
        self.call_after_refresh(pane.focus)

    def cycle(self, count: int) -> None:
        """Go to the next pane, round the end."""
        names = [name for name in PANES if name != "split" or self.pinned]
        now = "detail" if self.detail.has_focus_within else "split" if self.split.has_focus_within else None
        if now is None:
            now = next(name for name, kind in _KINDS.items() if kind == self.kind)
        self.go(names[(names.index(now) + count) % len(names)])

    def jump(self, kind: str, key: str) -> None:
        """Go to an object's row; its list shows it even if a filter hid it."""
        name = next(n for n, k in _KINDS.items() if k == kind)
        pane = self.panes[_KINDS[name]]
        if not pane.table.select(key):
            pane.clear_filter()
            pane.table.show_hidden = True
            pane.table.arrange()
            pane.table.select(key)
        self.go(name)

    def back(self) -> bool:
        """One level back; False at the top."""
        if self._zoomed is not None:
            self._zoom(None)
        elif self.split.has_focus_within or self.detail.has_focus_within:
            if not (self.detail.has_focus_within and self.detail.clear_search()):
                self.go(next(name for name, kind in _KINDS.items() if kind == self.kind))
        elif self.pane.clear_filter():
            return True
        elif self.pane.table.marks:
            self.pane.table.clear_marks()
        elif self.kind != "container":
            self.go("containers")
        else:
            return False
        return True

    def toggle_zoom(self) -> None:
        """The focused pane alone, or all again."""
        if self._zoomed is not None:
            self._zoom(None)
        elif self.split.has_focus_within:
            self._zoom(self.split)
        else:
            self._zoom(self.detail if self.detail.has_focus_within else self.pane)

    def _zoom(self, pane: Widget | None) -> None:
        side: Literal["left", "right"] = "left" if isinstance(pane, ListPane) else "right"
        if self._zoomed is not None:
            self._zoomed.remove_class("-zoomed")
        if (pane is self.split) != (self._zoomed is self.split):
            self.split.zoom()
        self._zoomed = pane
        self.set_class(pane is not None, "-zoom")
        self.set_class(pane is not None and side == "left", "-zoom-left")
        self.set_class(pane is not None and side == "right", "-zoom-right")
        if pane is not None:
            pane.add_class("-zoomed")
        self._share_heights()
        self.refresh_footer()

    def show_split(self, shown: bool) -> None:
        self.split.display = shown
        self.refresh_footer()

    @on(SplitArea.PaneClosed)
    def _pane_closed(self, event: SplitArea.PaneClosed) -> None:
        self.pinned.pop(event.pane, None)
        if isinstance(event.pane, ShellPane):
            self.run(event.pane.session.close())

    @on(SplitArea.Emptied)
    def _emptied(self) -> None:
        if self._zoomed is self.split:
            self._zoom(None)
        self.show_split(False)
        self.go(next(name for name, kind in _KINDS.items() if kind == self.kind))

    @on(ShellPane.Released)
    def _released(self, event: ShellPane.Released) -> None:
        self.go(next(name for name, kind in _KINDS.items() if kind == self.kind))

    @on(ShellPane.ZoomAsked)
    def _zoom_asked(self, event: ShellPane.ZoomAsked) -> None:
        self.toggle_zoom()

    @on(ShellPane.Exited)
    def _exited(self, event: ShellPane.Exited) -> None:
        if event.code == 0:
            self.run(self.split.close(event.pane))

    def open_shells(self) -> int:
        return sum(isinstance(pane, ShellPane) for pane in self.pinned)

    def on_resize(self, event: events.Resize) -> None:
        wanted = layout.classes(event.size.width, event.size.height)
        for name in ("-tiny", "-narrow", "-medium", "-wide", "-short"):
            self.set_class(name in wanted, name)
        self.query_one("#tiny", Static).update(
            f"pydock needs {layout.LEAST_WIDTH}x{layout.LEAST_HEIGHT}\nthis is {event.size.width}x{event.size.height}"
        )
        self.header.show(self.mirror.picture)
        self.refresh_footer()
        self.call_after_refresh(self._share_heights)

    def _share_heights(self) -> None:
        kinds = list(self.panes)
        total = max(self.size.height - 2 - self.banner.display * self.banner.size.height, 1)
        rows = [len(self.panes[kind].table.rows) for kind in kinds]
        active = kinds.index(self.kind)
        for number, (kind, height) in enumerate(zip(kinds, layout.heights(total, rows, active), strict=True)):
            pane = self.panes[kind]
            pane.set_class(number == active, "-active")
            alone = self.has_class("-short") or self._zoomed is pane
            pane.styles.height = "1fr" if alone else height

    # -- the lines around

    def say(self, text: str) -> None:
        """Say what was done, at the right of the footer for a while."""
        self._said = text
        self.refresh_footer()
        self.set_timer(SAID_S, lambda: self._unsay(text))

    def _unsay(self, text: str) -> None:
        if self._said == text:
            self._said = ""
            self.refresh_footer()

    def complain(self, text: str, severity: Literal["warning", "error"] = "error") -> None:
        """Say what did not work, where it can't be missed."""
        self.notify(text, severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    def refresh_footer(self) -> None:
        """Show the keys that are valid now."""
        if not self.is_mounted:
            return
        flags = [self._said] if self._said else []
        if self._zoomed is not None:
            flags.append("zoom")
        if not self.panes["container"].table.show_hidden:
            flags.append("stopped hidden")
        self.footer.show(actions.hints(self.scopes(), self.targets(), self.keymap), flags)

    def on_descendant_focus(self) -> None:
        self.refresh_footer()


def _concerns(update: Happened, target: Target) -> bool:
    attributes = update.event.actor.attributes
    return update.event.actor.id == target.id or target.id in (
        attributes.get("container"),
        attributes.get("image"),
    )
