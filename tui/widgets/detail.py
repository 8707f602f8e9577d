"""The detail pane: tabs of what is selected. It says what it wants to show; the screen brings it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.markup import escape
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from ..acts.action import Target, TargetKind
from ..logs.source import LogSource
from ..rows import events as event_rows
from ..rows.stats import History
from ..rows.tree import Line
from ..text import Glyphs
from .listpane import FilterInput
from .logpane import LogPane
from .stats import StatsView
from .table import Table
from .textview import TextView

TABS: dict[TargetKind, tuple[str, ...]] = {
    "container": ("logs", "stats", "inspect", "events"),
    "image": ("inspect", "events"),
    "layer": ("instruction",),
    "network": ("inspect", "events"),
}
_TEXTS = ("inspect", "instruction")
# A held `j` passes many rows; only the one where it rests is asked for.
_REST_S = 0.07


class Detail(Vertical):
    """Shows one target in one of its tabs.

    Invariant: what is shown belongs to `target`; an answer for another is dropped.
    """

    class Wanted(Message):
        """The screen should bring what `tab` of `target` shows."""

        def __init__(self, target: Target, tab: str) -> None:
            super().__init__()
            self.target = target
            self.tab = tab

    def __init__(self, glyphs: Glyphs, welcome: Sequence[Line] = ()) -> None:
        """`welcome` is shown while there is no target."""
        super().__init__(id="detail", classes="pane")
        self._welcome = welcome
        self._glyphs = glyphs
        self.target: Target | None = None
        self._tabs: dict[TargetKind, str] = {}
        self._log: LogPane | None = None
        self._rest: Timer | None = None
        self.text = TextView(id="detail-text")
        self.stats = StatsView(glyphs, id="detail-stats")
        self.events = Table(event_rows.COLUMNS, glyphs, id="detail-events")
        self.search = FilterInput("search")

    def compose(self) -> ComposeResult:
        self.events.empty_text = "nothing happened since pydock-tui started"
        self.events.stays_on_top = True
        yield self.text
        yield self.stats
        yield self.events
        yield self.search

    def on_mount(self) -> None:
        self.search.display = False
        self._show_only(self.text)
        self.frame()

    @property
    def tab(self) -> str:
        """The tab that is shown for the target of now."""
        kind = self.target.kind if self.target else "container"
        return self._tabs.get(kind, TABS[kind][0])

    def show(self, target: Target | None) -> None:
        """Show this target; what its tab needs is asked for when the cursor rests."""
        before = self.target
        self.target = target
        if before is not None and target is not None and (before.kind, before.id) == (target.kind, target.id):
            self.frame()
            return
        self.frame()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_S, self._open)

    def choose(self, tab: str) -> None:
        """Show this tab of the target, if it has it."""
        if self.target is not None and tab in TABS[self.target.kind]:
            self._tabs[self.target.kind] = tab
            self.frame()
            self._open()

    def step(self, count: int) -> None:
        """Go some tabs to the right, round the end."""
        if self.target is not None:
            tabs = TABS[self.target.kind]
            self.choose(tabs[(tabs.index(self.tab) + count) % len(tabs)])

    def _open(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        if self.target is None:
            self._show_only(self.text)
            self._drop_log()
            return
        self._show_only(self._body())
        if self.tab != "logs":
            self._drop_log()
        self.post_message(self.Wanted(self.target, self.tab))

    # -- what the screen brings

    def bring_log(self, target: Target, source: LogSource) -> None:
        """Show the log of the target."""
        if not self._is_now(target, ("logs",)):
            return
        if self._log is not None:
            self._log.show(source)
        else:
            self._log = LogPane(source, classes="detail-log")
            self.mount(self._log, before=self.search)
        self._show_only(self._log)

    @property
    def log_pane(self) -> LogPane | None:
        """The log that is shown, if that is the tab."""
        return self._log

    def bring_lines(self, target: Target, lines: Sequence[Line], *, keep_place: bool = False) -> None:
        """Show a text of the target."""
        if self._is_now(target, _TEXTS):
            self.text.show(lines, keep_place=keep_place)

    def bring_history(self, target: Target, history: History | None, host_memory: int) -> None:
        """Show the usage of the target; `host_memory` in bytes, for a limit of that much is none."""
        if self._is_now(target, ("stats",)):
            self.stats.host_memory = host_memory
            self.stats.show(history, "" if target.state == "running" else f"{target.name} is {target.state}")

    def _is_now(self, target: Target, tabs: Sequence[str]) -> bool:
        now = self.target
        return now is not None and (now.kind, now.id) == (target.kind, target.id) and self.tab in tabs

    def _drop_log(self) -> None:
        if self._log is not None:
            self._log.remove()
            self._log = None

    # -- frame and focus

    @property
    def body(self) -> Widget:
        """What takes the focus: the widget of the tab."""
        return self._body()

    def _body(self) -> Widget:
        match self.tab:
            case "logs":
                return self._log or self.text
            case "stats":
                return self.stats
            case "events":
                return self.events
            case _:
                return self.text

    def _show_only(self, body: Widget) -> None:
        focused = self.has_focus_within and not self.search.has_focus
        for widget in (self.text, self.stats, self.events, self._log):
            if widget is not None:
                widget.display = widget is body
        if self.target is None:
            self.text.show(self._welcome)
        elif body is self.text and self.tab == "logs":
            self.text.show(())
        if focused:
            # At once: when the focused log goes, the focus must not wander to a list meanwhile.
            self.screen.set_focus(body)

    def focus_body(self) -> None:
        """Give the focus to what the tab shows, as soon as it is there."""
        # A log that is mounted later takes the focus over from the text that stands in its place.
        self.screen.set_focus(self.body)

    def frame(self) -> None:
        """Name the target and its tabs in the frame."""
        if self.target is None:
            self.border_title = "[$pd-accent]5[/] [$pd-dim]nothing selected[/]"
            self.border_subtitle = ""
            return
        tabs = "  ".join(self._tab_title(tab) for tab in TABS[self.target.kind])
        self.border_title = f"[$pd-accent]5[/] [b]{escape(self.target.name)}[/b]  {tabs}"
        self.border_subtitle = self._state()

    def _state(self) -> str:
        """What the tab is at: the log's state, what is searched for."""
        if self.tab == "logs":
            return f"[$pd-dim]{escape(self._log.status)}[/]" if self._log is not None else ""
        if self.tab == "events" and self.events.filter:
            return f"[$pd-match]/{escape(self.events.filter)}[/]"
        if self.tab in _TEXTS and self.text.query_text:
            found = f"[$pd-dim]{len(self.text.hits)} found[/]"
            return f"[$pd-match]/{escape(self.text.query_text)}[/] {found}"
        return ""

    def on_log_pane_status_changed(self, event: LogPane.StatusChanged) -> None:
        event.stop()
        self.frame()

    def _tab_title(self, tab: str) -> str:
        style = "b u $pd-title" if tab == self.tab else "$pd-dim"
        return f"[@click=app.press_tab('{tab}')][{style}]{tab.title()}[/][/]"

    # -- search in texts and events

    def open_search(self) -> bool:
        """Type what to search for in the text; False where the tab has a search of its own."""
        if self.tab == "logs":
            return False
        self.search.value = self.text.query_text if self.tab in _TEXTS else self.events.filter
        self.search.display = True
        self.screen.set_focus(self.search)
        return True

    def clear_search(self) -> bool:
        """Search for nothing; False when nothing was."""
        had = bool(self.text.query_text or self.events.filter)
        self.text.search("")
        self.events.filter = ""
        self.events.rearrange()
        self.frame()
        return had

    def on_input_changed(self, event: FilterInput.Changed) -> None:
        event.stop()
        if self.tab in _TEXTS:
            self.text.search(event.value)
            self.frame()
        elif self.tab == "events":
            self.events.filter = event.value
            self.events.rearrange()

    def on_filter_input_left(self, event: FilterInput.Left) -> None:
        event.stop()
        if event.clear:
            self.clear_search()
        self.search.display = False
        self.screen.set_focus(self.body)

    def on_filter_input_stepped(self, event: FilterInput.Stepped) -> None:
        event.stop()
        self.text.scroll_lines(event.count)
