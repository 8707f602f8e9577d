"""A log pane: a virtual view of one log or of several merged, with a filter, a search and its own keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from pydock.core.errors import Invalid, PydockError

from ..clock import clock_of
from ..logs.filter import EVERYTHING, Filter, parse
from ..logs.model import LogModel
from ..logs.source import LogReader, LogSource
from ..logs.store import NOTE, LogStore
from ..rows import tree
from .logcanvas import LogCanvas
from .loghead import LogHead
from .logkeys import KEYS
from .prompt import Prompt
from .textview import TextView

_TAIL = 1000
# Seconds back that the keys 1 to 4 ask for.
_RANGES = {1: 60, 2: 300, 3: 900, 4: 3600}
# OSC 52: tmux takes 1 MiB, some terminals 74,994 bytes; more would be cut or ignored without a word.
_COPY_MOST = 1 << 20
_PROMPTS = {
    "search": "search: text, /regex/",
    "filter": "filter: text, !without, /regex/",
    "save": "save to",
    "columns": "columns: level user.id msg",
}
_BEFORE_NS = 60_000_000_000


class LogPane(Vertical, can_focus=True):
    """Shows the log of `sources`; several are merged in time order.

    `stores` hands over lines that were read already, one store a source.
    """

    DEFAULT_CSS = """
    LogPane { height: 1fr; width: 1fr; }
    LogPane > TextView { height: 40%; display: none; border-top: solid $panel; }
    App.-ascii LogPane > TextView { border-top: ascii $panel; }
    """

    BINDINGS = list(KEYS)

    class StatusChanged(Message):
        """`pane.title` or `pane.status` changed."""

        def __init__(self, pane: LogPane) -> None:
            super().__init__()
            self.pane = pane

    class LineChosen(Message):
        """Enter on a line of a search over many logs: `source` is the log that it was found in."""

        def __init__(self, pane: LogPane, source: LogSource, at: int, text: bytes) -> None:
            super().__init__()
            self.pane = pane
            self.source = source
            self.at = at
            self.text = text

    def __init__(
        self,
        *sources: LogSource,
        stores: Sequence[LogStore] = (),
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.sources = sources
        self.status = ""
        self.readers: list[LogReader] = []
        self._asked = ""
        self._loading = False
        self._muting = False
        self._goal: tuple[int, bytes] | None = None
        self._described: tuple[int, int] | None = None
        self._renew(stores or [LogStore() for _ in sources] or [LogStore()])
        self.canvas = LogCanvas(self.model, self._key)
        self.prompt = Prompt(self._key)
        self.head = LogHead()
        self.record = TextView()
        self.record.can_focus = False

    @property
    def title(self) -> str:
        return self.name or " + ".join(source.name for source in self.sources)

    @property
    def containers(self) -> set[str]:
        """The ids of the containers whose logs these are."""
        logs = (getattr(source, "leads", source) for source in self.sources)
        return {log.id for log in logs if hasattr(log, "id")}

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.canvas
        yield self.record
        yield self.prompt

    def on_focus(self) -> None:
        self.screen.set_focus(self.canvas)

    def on_mount(self) -> None:
        self.canvas.show(self.model)
        self._colour()
        self._read(tail=_TAIL)

    def on_unmount(self) -> None:
        clock_of(self.app).forget(self)

    def show(self, *sources: LogSource) -> None:
        """Show other logs instead, from their last lines on."""
        self.sources = sources
        self._replace_lines(tail=_TAIL)

    def resume(self) -> None:
        """Ask for the log again: its container was started, or the engine is back."""
        for reader in self.readers:
            reader.resume()

    def happened(self, id: str, action: str, attributes: Mapping[str, str], time: int) -> None:
        """Take in an event of a container; that of a start or an end is seen in its log."""
        for reader in self.readers:
            if getattr(reader.source, "id", None) == id:
                reader.happened(action, attributes, time)

    def go_to(self, time: int, text: bytes, query: Filter = EVERYTHING) -> None:
        """Show the line of this time and text, with what came before it; the view is held there.

        `query` is highlighted.
        """
        self.model.set_filter(EVERYTHING)
        self.model.set_search(query)
        self._goal = time, text
        self.model.viewport.follow = False
        self._replace_lines(since=time - _BEFORE_NS)

    def frame(self) -> bool:
        """Take in what came and draw it (the frame clock calls this)."""
        more = self.model.update()
        self._reach_goal()
        self.head.show(self.model, self.canvas.source_colors)
        self._show_record()
        self.canvas.refresh()
        status = self._describe()
        if status != self.status:
            self.status = status
            self.post_message(self.StatusChanged(self))
        if self.model.viewport.at_top() and not self.model.viewport.follow:
            self._older()
        return more

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "dismiss":
            model = self.model
            return bool(model.selection or model.search or model.filter or self.record.display)
        if action in ("solo", "mute"):
            return len(self.sources) > 1
        return True

    # Keys

    async def _key(self, event: events.Key) -> None:
        """Act on a key at once: a binding would be looked up after the keys behind it were handed out."""
        if self.prompt.asking:
            event.stop()
            self.prompt.post_message(events.Key(event.key, event.character))
            return
        if self._muting:
            event.stop()
            self._muting = False
            if event.key.isdecimal() and 0 < int(event.key) <= len(self.sources):
                self.model.mute(int(event.key) - 1)
            self._moved()
            return
        active = self.screen.active_bindings.get(event.key)
        if active is not None and active.node is self and active.enabled:
            event.stop()
            await self.run_action(active.binding.action)

    def action_follow(self) -> None:
        viewport = self.model.viewport
        if viewport.follow:
            viewport.hold()
        else:
            viewport.end()
        self._moved()

    def action_scroll(self, rows: int) -> None:
        if self.model.selection is not None:
            self.model.select(rows)
        else:
            self.model.viewport.scroll(rows)
        self._moved()

    def action_page(self, pages: int) -> None:
        self.model.viewport.page(pages)
        self._moved()

    def action_home(self) -> None:
        self.model.viewport.home()
        self._moved()

    def action_end(self) -> None:
        self.model.viewport.end()
        self._moved()

    def action_sideways(self, columns: int) -> None:
        self.model.sideways(columns)
        self._moved()

    def action_find(self, forward: bool) -> None:
        if self.model.search is not None and not self.model.find(forward):
            self.notify("no hit", timeout=2)
        self._moved()

    def action_error(self, forward: bool) -> None:
        if not self.model.find_error(forward):
            self.notify("no further error", timeout=2)
        self._moved()

    def action_errors_only(self) -> None:
        self.model.errors_only()
        self._moved()

    def action_streams(self) -> None:
        self.model.next_streams()
        self._moved()

    def action_invert(self) -> None:
        self._narrow(replace(self.model.filter, inverse=not self.model.filter.inverse))

    def action_regex(self) -> None:
        model = self.model
        if model.filter.text:
            self._narrow(replace(model.filter, regex=not model.filter.regex))
        elif model.search is not None:
            self._look(replace(model.search.query, regex=not model.search.query.regex))

    def action_stamps(self) -> None:
        self.model.next_stamps()
        self._moved()

    def action_wrap(self) -> None:
        self.model.toggle_wrap()
        self._moved()

    def action_fold(self) -> None:
        self.model.next_folding()
        self._moved()

    def action_columns(self) -> None:
        if not self.model.toggle_columns():
            self.notify("no JSON and no logfmt among the last lines", timeout=3)
        self._moved()

    def action_open_line(self) -> None:
        """Unfold the line that is selected, or show it in full."""
        model = self.model
        if model.selection is None:
            model.select(0)
        if model.selection is not None and self.sources:
            line = model.lines.line(model.selection[1])
            leads: LogSource | None = getattr(self.sources[line.source], "leads", None)
            if leads is not None:
                self.post_message(self.LineChosen(self, leads, line.time, line.text))
                return
        if model.selection is not None and not model.unfold(model.selection[1]):
            self.record.display = not self.record.display
            self._described = None
        self._moved()

    def action_mute(self) -> None:
        self._muting = True
        self._moved()

    def action_mark(self) -> None:
        self.model.mark(f"mark {time.strftime('%H:%M:%S')}")
        self._moved()

    def action_select(self) -> None:
        if self.model.selection is None:
            self.model.select(0)
        else:
            self.model.selection = None
        self._moved()

    def action_copy(self) -> None:
        text = self.model.selected_text()
        lines = text.count("\n")
        if len(text.encode()) > _COPY_MOST:
            self.notify(f"too much for the clipboard: {lines:,} lines; ctrl+s saves them", severity="warning")
            return
        self.app.copy_to_clipboard(text)
        self.model.selection = None
        self.notify(f"copied {lines:,} line{'s' if lines != 1 else ''}", timeout=2)
        self._moved()

    def action_solo(self) -> None:
        """Show one source after the other alone, then all again."""
        everyone = frozenset(range(len(self.sources)))
        muted = self.model.filter.muted
        alone = min(everyone - muted) + 1 if muted else 0
        wanted = everyone - {alone} if alone < len(self.sources) else frozenset[int]()
        self._narrow(replace(self.model.filter, muted=wanted))

    def action_range(self, key: int) -> None:
        """Show another stretch of time from its start; whether the view follows stays as it is."""
        if key == 0:
            since = max((reader.runs.last_start for reader in self.readers), default=0)
            if since:
                self._replace_lines(since=since)
            else:
                self.notify("when it started is not known", severity="warning", timeout=3)
        elif key in _RANGES:
            self._replace_lines(since=time.time_ns() - _RANGES[key] * 1_000_000_000)
        else:
            self._replace_lines(tail=_TAIL if key == 6 else None)

    def action_dismiss(self) -> None:
        """Undo the latest of: the record, a selection, a search, a filter."""
        model = self.model
        if self.record.display:
            self.record.display = False
        elif model.selection is not None:
            model.selection = None
        elif model.search is not None:
            model.set_search(Filter())
        else:
            model.set_filter(Filter())
        self._moved()

    def action_prompt(self, kind: str) -> None:
        """Ask for a filter, a search or a file name on the pane's last line."""
        self._asked = kind
        value = f"{self.title.replace(' + ', '-')}.log" if kind == "save" else ""
        if kind == "columns":
            value = " ".join(self.model.columns)
        self.prompt.ask(_PROMPTS[kind], value)

    @on(Prompt.Changed)
    def _typed(self, event: Prompt.Changed) -> None:
        event.stop()
        if not self.prompt.asking or self._asked not in ("filter", "search") or _unfinished(event.value):
            return
        try:
            wanted = parse(event.value)
        except Invalid:
            return
        if self._asked == "filter":
            self._narrow(self._kept(wanted))
        else:
            self._look(wanted)

    @on(Prompt.Answered)
    def _answered(self, event: Prompt.Answered) -> None:
        event.stop()
        self.prompt.close()
        self.screen.set_focus(self.canvas)
        if event.text is None:
            return
        if self._asked == "save":
            self.run_worker(self._save(Path(event.text).expanduser()), group="save", exit_on_error=False)
            return
        if self._asked == "columns":
            self.model.set_columns(event.text.replace(",", " ").split())
            self._moved()
            return
        try:
            wanted = parse(event.text)
        except Invalid as err:
            self.notify(str(err), severity="error")
            return
        if self._asked == "filter":
            self._narrow(self._kept(wanted))
        else:
            self._look(wanted)
            self.model.update()
            self.model.find(forward=False)

    @on(LogCanvas.Dragged)
    def _dragged(self, event: LogCanvas.Dragged) -> None:
        event.stop()
        self.action_copy()

    @on(LogHead.Clicked)
    def _source_clicked(self, event: LogHead.Clicked) -> None:
        event.stop()
        self.model.mute(event.source)
        self._moved()

    @on(LogCanvas.Moved)
    def _canvas_moved(self, event: LogCanvas.Moved) -> None:
        event.stop()
        self._moved()

    def _kept(self, wanted: Filter) -> Filter:
        """Return `wanted` beside what is filtered by keys: level, streams, sources."""
        now = self.model.filter
        return replace(wanted, level=now.level, streams=now.streams, muted=now.muted)

    def _narrow(self, wanted: Filter) -> None:
        try:
            self.model.set_filter(wanted)
        except Invalid as err:
            self.notify(str(err), severity="error")
        self._moved()

    def _look(self, query: Filter) -> None:
        self.model.set_search(query)
        self._moved()

    def _moved(self) -> None:
        clock_of(self.app).mark(self, urgent=True)

    # Reading

    def _renew(self, stores: Sequence[LogStore]) -> None:
        self.stores = list(stores)
        self.model = LogModel(self.stores, [source.name for source in self.sources])

    def _replace_lines(self, *, since: int | None = None, tail: int | None = None) -> None:
        old = self.model
        self._renew([LogStore() for _ in self.sources] or [LogStore()])
        self.model.wrap, self.model.stamps = old.wrap, old.stamps
        self.model.columns, self.model.folding = old.columns, old.folding
        self.model.set_filter(replace(old.filter, muted=frozenset()))
        if old.search is not None:
            self.model.set_search(old.search.query)
        self.model.viewport.follow = old.viewport.follow
        self.canvas.show(self.model)
        self._colour()
        self._read(since=since, tail=tail)

    def _colour(self) -> None:
        self.canvas.source_colors = [source.color for source in self.sources] if len(self.sources) > 1 else []

    def _read(self, *, since: int | None = None, tail: int | None = None) -> None:
        self.workers.cancel_group(self, "readers")
        self.readers = [
            LogReader(source, store, since=since, tail=tail, changed=self.came)
            for source, store in zip(self.sources, self.stores, strict=False)
        ]
        for reader in self.readers:
            self.run_worker(reader.run(), group="readers", name=f"log of {reader.source.name}")
        self.came()

    def came(self) -> None:
        """Draw soon: a store has more."""
        if self.is_attached:
            clock_of(self.app).mark(self)

    def _older(self) -> None:
        if not self._loading and self.readers:
            self._loading = True
            self.run_worker(self._load_older(), group="older", exit_on_error=False)

    async def _load_older(self) -> None:
        try:
            came = [await reader.load_older() for reader in self.readers]
            if any(came):
                self.model.older_came()
                self._moved()
        except (PydockError, OSError) as err:
            self.notify(f"no older lines: {err}", severity="warning")
        finally:
            self._loading = False

    async def _save(self, path: Path) -> None:
        text = self.model.saved_text()
        try:
            await asyncio.to_thread(path.write_text, text)
        except OSError as err:
            self.notify(f"not saved: {err}", severity="error")
        else:
            self.notify(f"saved {text.count(chr(10)):,} lines to {path}")

    def _describe(self) -> str:
        model = self.model
        parts = [reader.state for reader in self.readers if reader.state not in ("following", "connecting")][
            :1
        ]
        if not parts:
            parts = ["follow" if model.viewport.follow else "held"]
        if self._muting:
            parts = ["mute which? 1-9"]
        if model.folding != "repeats":
            parts.append("all lines" if model.folding == "off" else "traces folded")
        if model.filter:
            parts.append(f"filter {model.filter} {len(model.view):,}")
        if model.search is not None:
            at, of = model.search.position
            parts.append(f"{model.search.query} {at:,}/{of:,}")
        if model.lines.dropped:
            parts.append(f"{model.lines.dropped:,} dropped")
        return self.canvas.separator.join(parts)

    def _reach_goal(self) -> None:
        if self._goal is None:
            return
        time, text = self._goal
        lines = self.model.lines
        at = lines.find_time(time)
        for batch in lines.batches(at, min(at + 1000, lines.end)):
            for index, (stream, when) in enumerate(zip(batch.streams, batch.times, strict=True)):
                if stream != NOTE and when == time and batch.texts[index] == text:
                    self._goal = None
                    self.model.go_to(batch.first + index)
                    return

    def _show_record(self) -> None:
        """Keep the record that is shown that of the selected line."""
        selection = self.model.selection
        if not self.record.display or selection is None:
            return
        id = selection[1]
        wanted = id, self.model.folded(id)
        if wanted != self._described:
            self._described = wanted
            self.record.show(tree.lines(self.model.record(id), empty=True))


def _unfinished(query: str) -> bool:
    """Whether to wait for more before acting: nothing yet, or a regular expression without its end."""
    text = query.removeprefix("!")
    return not text or (text.startswith("/") and not (len(text) > 2 and text.endswith("/")))
