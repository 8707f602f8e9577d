"""What the mirror says, to what the screen shows; and what a shown tab still needs, from the engine."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pydock.core.errors import PydockError

from ..acts.action import Target
from ..picture import Changed, Happened, Link, Sampled, Update
from ..rows import events
from ..widgets.logpane import LogPane
from . import open

if TYPE_CHECKING:
    from .main import MainScreen


class Feed:
    """Takes the mirror's updates for one screen and brings the detail pane what it wants."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._picture = screen.mirror.picture
        self._sampling = False
        self._event_count = 0

    def take(self, update: Update) -> None:
        """Show an update of the picture."""
        screen = self._screen
        match update:
            case Changed():
                screen.lists.apply(update)
                screen.places.arrived(update.kind, update.upserted)
                screen.places.share_heights()
                self._renew(update)
            case Sampled():
                screen.lists.sampled(update.ids)
                self._bring_stats()
                return
            case Happened():
                self._event_count += 1
                self._tell_logs(update)
                if (target := screen.detail.target) is None or _concerns(update, target):
                    screen.detail.events.update_rows([events.row(self._event_count, update.event)])
                return
            case Link():
                self._take_link(update)
        screen.header.show(self._picture)
        screen.refresh_footer()

    def _take_link(self, link: Link) -> None:
        screen = self._screen
        screen.lists.set_link(link.state)
        lines = list(screen.trouble)
        if link.state in ("lost", "failed"):
            key = screen.keymap.first("screen.reload")
            lines.insert(0, f"{link.why} ({key} tries again)" if link.state == "failed" else link.why)
        elif self._picture.info is not None:
            lines += self._picture.info.warnings or ()
        screen.banner.show("\n".join(lines[:2]), "error" if link.state == "failed" else "warning")
        screen.call_after_refresh(screen.places.share_heights)
        if link.state == "live":
            for log in self._logs():
                log.resume()
            screen.show_target(screen.lists.cursor(screen.kind))
            screen.run(self.bring_layers, group="layers")
            self.sample()

    def _renew(self, change: Changed) -> None:
        """Ask again for what is shown of objects that changed, and go on reading logs that may go on."""
        screen = self._screen
        target = screen.detail.target
        if target is None or target.id in change.removed:
            screen.show_target(screen.lists.cursor(screen.kind))
        elif target.kind == change.kind and target.id in change.upserted:
            fresh = screen.lists.target(target.kind, target.id)
            screen.detail.show(fresh)
            if fresh is not None and screen.detail.tab == "inspect":
                screen.run(partial(self._bring_lines, fresh, keep_place=True), group="inspect")
            if screen.detail.log_pane is not None and self._runs(target.id):
                screen.detail.log_pane.resume()
        if change.kind == "container":
            started = {id for id in change.upserted if self._runs(id)}
            for pane in screen.pinned:
                if isinstance(pane, LogPane) and started & pane.containers:
                    pane.resume()

    def _runs(self, id: str) -> bool:
        return self._picture.containers[id].state == "running"

    def _tell_logs(self, happened: Happened) -> None:
        event = happened.event
        if event.type == "container":
            for log in self._logs():
                log.happened(event.actor.id, event.action, event.actor.attributes, event.time_nano)

    def _logs(self) -> list[LogPane]:
        logs = [pane for pane in self._screen.pinned if isinstance(pane, LogPane)]
        detail = self._screen.detail.log_pane
        return logs if detail is None else [*logs, detail]

    # -- statistics: only of what is on the screen

    def sample(self) -> None:
        """Read the statistics of the visible containers, unless nobody looks or the last read still runs."""
        screen = self._screen
        if self._sampling or screen.app.screen is not screen or not screen.app.app_focus:
            return
        pane = screen.panes["container"]
        shown = set(pane.table.visible_keys() if pane.is_on_screen else ())
        if (target := screen.detail.target) is not None and screen.detail.tab == "stats":
            shown.add(target.id)
        records = self._picture.containers
        ids = [id for id in shown if id in records and records[id].state == "running"]
        if ids:
            self._sampling = True
            screen.run(partial(self._read_stats, ids), group="stats")

    async def _read_stats(self, ids: list[str]) -> None:
        try:
            await self._screen.mirror.sample(ids)
        except (PydockError, OSError):
            # The event stream says what is wrong with the line; a missing sample says nothing.
            pass
        finally:
            self._sampling = False

    # -- the detail pane

    def bring(self, target: Target, tab: str) -> None:
        """Bring what a tab of a target shows."""
        screen = self._screen
        match tab:
            case "logs":
                screen.detail.bring_log(target, open.log_source(screen, target))
            case "stats":
                self._bring_stats()
                self.sample()
            case "events":
                self._bring_events(target)
            case _:
                screen.run(partial(self._bring_lines, target), group="inspect")

    def _bring_stats(self) -> None:
        if (target := self._screen.detail.target) is not None:
            memory = self._picture.info.mem_total if self._picture.info is not None else 0
            self._screen.detail.bring_history(target, self._picture.history.get(target.id), memory)

    def _bring_events(self, target: Target) -> None:
        first = self._event_count - len(self._picture.events) + 1
        self._screen.detail.events.replace_rows(
            events.row(number, event)
            for number, event in enumerate(self._picture.events, first)
            if _concerns(Happened(event), target)
        )

    async def _bring_lines(self, target: Target, keep_place: bool = False) -> None:
        lines = await open.lines(self._screen, target)
        self._screen.detail.bring_lines(target, lines, keep_place=keep_place)

    async def bring_layers(self) -> None:
        """Show the layers of the image under the cursor."""
        screen = self._screen
        image = screen.lists.cursor("image")
        if image is None or screen.client is None:
            screen.lists.show_layers("", ())
        else:
            screen.lists.show_layers(image.name, await screen.client.images.history(image.id))
        screen.places.share_heights()
        if screen.kind == "layer":
            screen.show_target(screen.lists.cursor("layer"))


def _concerns(update: Happened, target: Target) -> bool:
    actor = update.event.actor
    return target.id in (actor.id, actor.attributes.get("container"), actor.attributes.get("image"))
