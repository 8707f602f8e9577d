from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from pydock.core.errors import Unavailable
from pydock.tui.logs.runs import Runs
from pydock.tui.logs.store import LogStore
from pydock.tui.text import ASCII
from pydock.tui.widgets.logpane import LogPane


class Source:
    """A log that says what it is told."""

    def __init__(self, name: str = "web", lines: int = 0, color: str = "") -> None:
        self.name, self.color = name, color
        self.asked: list[int | None] = []
        self.old = b"".join(stamped(number) for number in range(-500, 0))
        self._said: asyncio.Queue[bytes] = asyncio.Queue()
        for number in range(lines):
            self.say(stamped(number))

    def say(self, data: bytes) -> None:
        self._said.put_nowait(data)

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        self.asked.append(since)
        while data := await self._said.get():
            yield 1, data

    async def runs(self) -> Runs:
        return Runs()

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        yield 1, self.old


class Screen(App[None], inherit_bindings=False):
    def __init__(self, *sources: Source) -> None:
        super().__init__()
        self.pane = LogPane(*sources)

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.focus()


class Plain(Screen):
    """An app whose terminal shows ASCII only."""

    glyphs = ASCII


def stamped(number: int, text: str = "line") -> bytes:
    ns = 3_000_000 + number
    return b"2026-11-25T01:02:03.%09dZ %s %d\n" % (ns, text.encode(), number)


def shown(app: Screen) -> list[str]:
    """The rows of the screen as text, without gutter and scroll bar."""
    app.pane.frame()
    canvas = app.pane.canvas
    return [strip.text[1:-1].rstrip() for strip in canvas.render_lines(canvas.size.region)]


async def arrived(pilot: Pilot[None], app: Screen, lines: int) -> None:
    store = app.pane.stores[0]
    reached = asyncio.Event()
    stop = store.listen(lambda _: reached.set() if store.end >= lines else None)
    if store.end < lines:
        await asyncio.wait_for(reached.wait(), 10)
    stop()
    app.pane.frame()
    await pilot.pause()


async def done(pilot: Pilot[None], app: Screen, group: str) -> None:
    """Wait for the pane's workers of a group."""
    for _ in range(3):
        await pilot.pause()
        if running := [worker for worker in app.workers if worker.group == group]:
            await app.workers.wait_for_complete(running)


async def test_follows_and_resumes() -> None:
    source = Source(lines=100)
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 100)
        assert shown(app)[-1] == "line 99"
        await pilot.press("k", "k")
        assert shown(app)[-1].startswith("line 97")
        source.say(b"".join(stamped(number) for number in range(100, 123)))
        await arrived(pilot, app, 123)
        assert shown(app)[-1].endswith("↓ 25 new")
        assert shown(app)[0] == "line 88"
        await pilot.press("G")
        assert shown(app)[-1] == "line 122"


async def test_follow_key_holds_and_takes_up() -> None:
    source = Source(lines=50)
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 50)
        await pilot.press("f")
        source.say(stamped(50))
        await arrived(pilot, app, 51)
        assert shown(app)[0] == "line 40"
        assert app.pane.status.startswith("held")
        await pilot.press("f")
        assert shown(app)[-1] == "line 50"


async def test_filter_while_typing_then_cleared() -> None:
    app = Screen(Source(lines=100))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 100)
        await pilot.press("&", *"7")
        assert shown(app)[-1] == "line 97"
        await pilot.press(*"7", "enter")
        assert [row for row in shown(app) if row] == ["line 77"]
        assert "filter 77 1" in app.pane.status
        await pilot.press("!")
        assert len(app.pane.model.view) == 99
        await pilot.press("escape")
        assert len(app.pane.model.view) == 100


async def test_search_moves_through_hits() -> None:
    app = Screen(Source(lines=100))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 100)
        await pilot.press("/", *"/5$/", "enter")
        assert app.pane.model.search is not None
        assert app.pane.model.search.position == (10, 10)
        await pilot.press("N")
        assert app.pane.model.search.position == (9, 10)
        await pilot.press("n", "n")
        assert app.pane.model.search.position == (1, 10)
        assert "line 5" in shown(app)


async def test_bad_expression_is_told_and_changes_nothing() -> None:
    app = Screen(Source(lines=10))
    async with app.run_test(size=(60, 10)) as pilot:
        await arrived(pilot, app, 10)
        await pilot.press("&", *"/(/", "enter")
        assert not app.pane.model.filter
        assert [str(note.message)[:24] for note in app._notifications] == ["not a regular expression"]


async def test_keys_typed_ahead_of_the_prompt_reach_it() -> None:
    """Over a slow line several keys come at once, before the box has the focus."""
    app = Screen(Source(lines=100))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 100)
        for key in ("ampersand", "N", "7", "enter", "w"):
            app.simulate_key(key)
        await pilot.pause()
        assert str(app.pane.model.filter) == "N7"
        assert app.pane.model.wrap


async def test_range_with_follow_off_shows_its_start() -> None:
    """k9s#1152: the view was empty after a change of range with autoscroll off."""
    source = Source(lines=50)
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 50)
        await pilot.press("f", "4")
        for number in range(30):
            source.say(stamped(number, "again"))
        await arrived(pilot, app, 30)
        assert shown(app)[0] == "again 0"
        assert not app.pane.model.viewport.follow
        assert source.asked[0] is None
        assert source.asked[1] is not None


async def test_a_megabyte_line_is_shown_in_part() -> None:
    """lazydocker#221."""
    source = Source()
    source.say(b"2026-11-25T01:02:03.000000000Z " + b"x" * 1_000_000 + b"\n")
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 1)
        await pilot.press("right", "right")
        assert shown(app)[0] == "x" * 38
        await pilot.press("w")
        assert shown(app)[-1].endswith("more bytes")
        await pilot.press("y")
        assert len(app.clipboard) == 1_000_001


async def test_selection_is_copied() -> None:
    app = Screen(Source(lines=20))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 20)
        await pilot.press("V", "k", "k", "y")
        assert app.clipboard == "line 17\nline 18\nline 19\n"
        assert app.pane.model.selection is None


async def test_saved_log_has_stamps_and_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Source()
    source.say(b"2026-11-25T01:02:03.004000000Z \x1b[31mred\x1b[0m\n")
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 1)
        await pilot.press("ctrl+s", "enter")
        await done(pilot, app, "save")
    assert (tmp_path / "web.log").read_text() == "2026-11-25T01:02:03.004Z red\n"


async def test_control_characters_never_reach_the_terminal() -> None:
    source = Source()
    source.say(b"a\x1b[2J\x07b\x9b31mc\xc2\x9b1md\n")
    app = Screen(source)
    async with app.run_test(size=(60, 5)) as pilot:
        await arrived(pilot, app, 1)
        assert shown(app)[0] == "a^Gb\ufffd31mcd"


async def test_older_lines_are_loaded_at_the_top() -> None:
    app = Screen(Source(lines=30))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 30)
        await pilot.press("g")
        assert shown(app)[0] == "line 0"
        await done(pilot, app, "older")
        assert app.pane.stores[0].first == -500
        assert shown(app)[0] == "line 0"
        await pilot.press("k")
        assert shown(app)[0] == "line -1"


async def test_rows_are_as_wide_as_the_pane() -> None:
    source = Source()
    source.say("2026-11-25T01:02:03.004000000Z 日本語 é \x1b[41mred\n".encode() * 3)
    app = Screen(source)
    async with app.run_test(size=(13, 6)) as pilot:
        await arrived(pilot, app, 3)
        for key in ("w", "t", "right", "w"):
            await pilot.press(key)
            canvas = app.pane.canvas
            assert {strip.cell_length for strip in canvas.render_lines(canvas.size.region)} == {13}
            widths = {sum(s.cell_length for s in strip) for strip in canvas.render_lines(canvas.size.region)}
            assert widths == {13}


async def test_two_logs_are_merged_and_one_can_be_heard_alone() -> None:
    one, other = Source("web", 3), Source("db", 3)
    app = Screen(one, other)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 3)
        while app.pane.model.update():
            await pilot.pause(0.05)
        assert shown(app)[:4] == ["web line 0", "db  line 0", "web line 1", "db  line 1"]
        await pilot.press("S")
        assert {row[:3] for row in shown(app) if row} == {"web"}
        await pilot.press("S")
        assert {row[:3] for row in shown(app) if row} == {"db "}
        await pilot.press("S")
        assert len(app.pane.model.view) == 6


async def test_lost_engine_is_said_in_the_status() -> None:
    class Lost(Source):
        async def open(
            self, *, since: int | None = None, tail: int | None = None
        ) -> AsyncGenerator[tuple[int, bytes], None]:
            raise Unavailable("no connection to the engine")
            yield 1, b""

    app = Screen(Lost())
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        app.pane.frame()
        assert app.pane.status.startswith("no log: no connection to the engine")


async def test_idle_pane_costs_no_frame() -> None:
    from pydock.tui.clock import clock_of

    app = Screen(Source(lines=10))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 10)
        await pilot.pause(0.3)
        frames = clock_of(app).frames
        await pilot.pause(0.3)
        assert clock_of(app).frames == frames


async def test_lines_read_before_can_be_handed_over() -> None:
    store = LogStore()
    store.feed(1, b"read before\n")
    app = Screen()
    app.pane = LogPane(stores=[store])
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        assert shown(app)[0] == "read before"


async def test_prompt_without_a_line_end_is_seen() -> None:
    source = Source(lines=20)
    source.say(b"2026-11-25T01:02:03.004000000Z Password: ")
    app = Screen(source)
    async with app.run_test(size=(40, 5)) as pilot:
        await arrived(pilot, app, 20)
        assert shown(app)[-2:] == ["line 19", "Password:"]
        source.say(b"ok\n")
        await arrived(pilot, app, 21)
        assert shown(app)[-2:] == ["line 19", "Password: ok"]


async def test_theme_is_followed() -> None:
    app = Screen(Source(lines=20))
    async with app.run_test(size=(40, 5)) as pilot:
        await arrived(pilot, app, 20)
        grounds = []
        for theme in ("textual-dark", "textual-light", "ansi-dark"):
            app.theme = theme
            await pilot.pause()
            strip = app.pane.canvas.render_lines(app.pane.canvas.size.region)[0]
            styles = [segment.style for segment in strip if segment.style is not None]
            grounds.append(styles[1].bgcolor)
        assert len(set(grounds)) == 3


TRACE = b"""\
2026-11-25T01:02:03.000000001Z Traceback (most recent call last):
2026-11-25T01:02:03.000000002Z   File "/app/main.py", line 12, in <module>
2026-11-25T01:02:03.000000003Z     serve()
2026-11-25T01:02:03.000000004Z ValueError: no
2026-11-25T01:02:03.000000005Z again
2026-11-25T01:02:03.000000006Z again
"""


async def test_repeats_and_traces_fold_and_enter_unfolds() -> None:
    source = Source()
    source.say(TRACE)
    app = Screen(source)
    async with app.run_test(size=(60, 10)) as pilot:
        await arrived(pilot, app, 6)
        assert shown(app)[4] == "again × 2"
        await pilot.press("F")
        assert shown(app)[:3] == [
            "Traceback (most recent call last): ▸ 2 more",
            "ValueError: no",
            "again × 2",
        ]
        assert "traces folded" in app.pane.status
        await pilot.press("V", "k", "k", "enter")
        assert shown(app)[1] == 'File "/app/main.py", line 12, in <module>'.rjust(43)
        await pilot.press("F")
        assert len([row for row in shown(app) if row]) == 6


async def test_records_as_columns_and_one_in_full() -> None:
    source = Source()
    source.say(
        b'2026-11-25T01:02:03.000000001Z {"level":"info","user":{"id":7},"msg":"in"}\n'
        b'2026-11-25T01:02:03.000000002Z {"level":"warn","user":{"id":12},"msg":"out"}\n'
    )
    app = Screen(source)
    async with app.run_test(size=(60, 16)) as pilot:
        await arrived(pilot, app, 2)
        await pilot.press("J")
        assert shown(app)[:2] == ["info   7        in", "warn   12       out"]
        assert app.pane.head.render_line(0).text.rstrip() == " level  user.id  msg"
        await pilot.press("C", "ctrl+u", *"msg", "enter")
        assert shown(app)[:2] == ["in", "out"]
        await pilot.press("enter")
        await pilot.pause()
        record = app.pane.record
        lines = [strip.text.split() for strip in record.render_lines(record.size.region)]
        assert ["id:", "12"] in lines
        await pilot.press("k")
        lines = [strip.text.split() for strip in record.render_lines(record.size.region)]
        assert ["id:", "7"] in lines
        await pilot.press("escape")
        assert not record.display


async def test_a_source_is_muted_by_its_number_or_a_click() -> None:
    app = Screen(Source("web", 3, "cyan"), Source("db", 3, "green"))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 3)
        while app.pane.model.update():
            await pilot.pause(0.05)
        app.pane.frame()
        await pilot.pause()
        assert app.pane.head.render_line(0).text.rstrip() == " 1 web  2 db"
        await pilot.press("s", "1")
        assert {row[:3] for row in shown(app) if row} == {"db "}
        await pilot.click(app.pane.head, offset=(2, 0))
        assert len(app.pane.model.view) == 6


async def test_older_lines_of_a_merge_come_in_order() -> None:
    one, other = Source("web", 3), Source("db", 3)
    other.old = b""
    app = Screen(one, other)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 3)
        while app.pane.model.update():
            await pilot.pause(0.05)
        await pilot.press("g")
        await done(pilot, app, "older")
        await pilot.press("g")
        assert shown(app)[0] == "web line -500"
        assert len(app.pane.model.view) == 506
        await pilot.press("G")
        assert shown(app)[-1] == "db  line 2"


async def test_dragging_selects_and_copies() -> None:
    app = Screen(Source(lines=20))
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 20)
        await pilot.mouse_down(app.pane.canvas, offset=(5, 2))
        await pilot.hover(app.pane.canvas, offset=(5, 4))
        await pilot.mouse_up(app.pane.canvas, offset=(5, 4))
        await pilot.pause()
        assert app.clipboard == "line 12\nline 13\nline 14\n"
        await pilot.click(app.pane.canvas, offset=(5, 1))
        assert app.pane.model.selection == (11, 11)


async def test_a_line_can_be_gone_to() -> None:
    source = Source(lines=5)
    app = Screen(source)
    async with app.run_test(size=(40, 10)) as pilot:
        await arrived(pilot, app, 5)
        for number in range(100):
            source.say(stamped(number))
        time = app.pane.stores[0].line(0).time
        app.pane.go_to(time + 42, b"line 42")
        await arrived(pilot, app, 100)
        await pilot.pause(0.2)
        assert "line 42" in shown(app)
        assert app.pane.model.selection == (42, 42)
        assert not app.pane.model.viewport.follow


async def test_only_ascii_where_the_locale_knows_no_more() -> None:
    """lazydocker#210, ctop#317."""
    source = Source()
    app = Plain(source)
    async with app.run_test(size=(40, 6)) as pilot:
        for number in range(60):
            source.say(stamped(number) + stamped(number))
        app.pane.canvas.source_colors = []
        await arrived(pilot, app, 120)
        app.pane.stores[0].feed(2, b"err\n")
        await pilot.press("m", "/", *"line 5", "enter", "F", "F", "k")
        canvas = app.pane.canvas
        app.pane.frame()
        text = "".join(strip.text for strip in canvas.render_lines(canvas.size.region)) + app.pane.status
        assert text.isascii()
        assert "new" in text


async def test_a_restart_is_seen_in_the_log() -> None:
    source = Source(lines=3)
    source.id = "abc"  # type: ignore[attr-defined]
    app = Screen(source)
    async with app.run_test(size=(40, 8)) as pilot:
        await arrived(pilot, app, 3)
        now = app.pane.stores[0].line(2).time
        app.pane.happened("abc", "die", {"exitCode": "137"}, now + 1)
        app.pane.happened("abc", "start", {}, now + 2)
        source.say(stamped(9))
        await arrived(pilot, app, 5)
        assert shown(app)[3:5] == ["── restarted, exit 137", "line 9"]
        await pilot.press("0")
        assert source.asked[-1] == now + 2
