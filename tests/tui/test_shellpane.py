from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from pydock.tui.terminal.pty import LocalProgram
from pydock.tui.terminal.session import ShellSession
from pydock.tui.widgets.shellpane import ShellPane

KINDS = ("bittty", "ghostty")


class Screen(App[None], inherit_bindings=False):
    """Binds keys that a shell needs for itself, as the workstation does."""

    BINDINGS = [("q", "note('q')", ""), ("ctrl+q", "note('ctrl+q')", ""), ("tab", "note('tab')", "")]

    def __init__(self, session: ShellSession) -> None:
        super().__init__()
        self.pane = ShellPane(session)
        self.noted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.focus()

    def action_note(self, key: str) -> None:
        self.noted.append(key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not isinstance(self.focused, ShellPane)

    @on(ShellPane.Released)
    @on(ShellPane.ZoomAsked)
    @on(ShellPane.Exited)
    def _posted(self, event: ShellPane.Released | ShellPane.ZoomAsked | ShellPane.Exited) -> None:
        self.noted.append(type(event).__name__)


@asynccontextmanager
async def running(
    *argv: str, kind: str = "auto", size: tuple[int, int] = (60, 16)
) -> AsyncIterator[tuple[Screen, Pilot[None]]]:
    """A program of this machine in a shell pane."""
    if kind == "ghostty":
        pytest.importorskip("pyghostty", reason="the wheel is an extra")
    program = LocalProgram(argv or BASH, environ={"PS1": "$ ", "HISTFILE": "", "INPUTRC": "/dev/null"})
    session = ShellSession(program, name="host", resize=program.resize, wait=program.wait, backend=kind)
    app = Screen(session)
    try:
        async with app.run_test(size=size) as pilot:
            yield app, pilot
    finally:
        await session.close()


BASH = ("bash", "--norc", "--noprofile", "-i")


def rows(app: Screen) -> list[str]:
    app.pane.frame()
    return [strip.text.rstrip() for strip in app.pane.render_lines(app.pane.size.region)]


async def until(app: Screen, true: Callable[[list[str]], bool]) -> list[str]:
    """Wait for the screen to say so: it is looked at whenever the session has news."""
    news = asyncio.Event()
    stop = app.pane.session.listen(news.set)
    try:
        async with asyncio.timeout(20):
            while not true(shown := rows(app)):
                news.clear()
                await news.wait()
        return shown
    finally:
        stop()


async def typed(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", "\r": "enter", "\t": "tab"}
    await pilot.press(*(names.get(letter, letter) for letter in text))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_shell_with_the_panes_size_and_its_keys(kind: str) -> None:
    async with running(kind=kind) as (app, pilot):
        await until(app, lambda shown: shown[0] == "$")
        await typed(pilot, "stty size; tty -s && echo qyes\r")
        shown = await until(app, lambda shown: "qyes" in shown)
        assert "16 60" in shown
        assert app.noted == []


async def test_tab_completes_and_control_keys_reach_the_shell() -> None:
    async with running() as (app, pilot):
        await until(app, lambda shown: shown[0] == "$")
        await typed(pilot, "ls /etc/passw\t")
        await until(app, lambda shown: shown[0].rstrip() == "$ ls /etc/passwd")
        await pilot.press("ctrl+u", "ctrl+q")
        await typed(pilot, "sleep 60\r")
        await pilot.press("ctrl+c")
        await typed(pilot, "echo again\r")
        await until(app, lambda shown: "again" in shown)
        assert app.noted == []


async def test_one_ctrl_p_is_the_shells() -> None:
    """moby#32895: with detach keys one ctrl-p is swallowed until the next key."""
    async with running() as (app, pilot):
        await typed(pilot, "echo one\r")
        await until(app, lambda shown: "one" in shown)
        await pilot.press("ctrl+p")
        await until(app, lambda shown: any(row.endswith("$ echo one") for row in shown[1:]))


async def test_colours_go_through_the_theme() -> None:
    async with running("printf", "\\033[31mred\\033[38;2;1;2;3mtrue\\033[0m") as (app, _):
        await until(app, lambda shown: shown[0].startswith("redtrue"))
        app.pane.frame()
        segments = list(app.pane.render_lines(app.pane.size.region)[0])
        colours = {
            s.text: s.style.color.name for s in segments if s.style and s.style.color and s.text.strip()
        }
        assert colours["true"] == "#010203"
        assert colours["red"] == "#cd0000"


@pytest.mark.parametrize("kind", KINDS)
async def test_vim_edits_and_follows_the_size(kind: str) -> None:
    async with running("vim.tiny", "-u", "NONE", "-n", "-c", "set showmode", kind=kind) as (app, pilot):
        await until(app, lambda shown: shown[1] == "~" and app.pane.session.backend.modes().alternate_screen)
        await typed(pilot, "ihello")
        await until(app, lambda shown: shown[0] == "hello" and "INSERT" in shown[-1])
        await pilot.press("escape")
        await pilot.resize_terminal(50, 12)
        await until(app, lambda shown: len(shown) == 12 and shown[0] == "hello" and shown[10] == "~")
        await typed(pilot, ":q!\r")
        await app.pane.session.over()


async def test_less_scrolls_by_the_wheel() -> None:
    async with running("less", "/etc/services") as (app, pilot):
        modes = app.pane.session.backend.modes
        first = await until(app, lambda shown: modes().alternate_screen and shown[-1] == ":")
        app.pane.post_message(events.MouseScrollDown(app.pane, 4, 4, 0, 1, 0, False, False, False))
        await until(app, lambda shown: shown[0] == first[3])
        await typed(pilot, "q")
        await app.pane.session.over()


async def test_top_runs() -> None:
    async with running("top", "-d", "60", size=(90, 20)) as (app, pilot):
        await until(app, lambda shown: any("PID USER" in row for row in shown))
        await typed(pilot, "q")
        await app.pane.session.over()


async def test_leader_leaves_zooms_and_can_be_sent() -> None:
    async with running("cat", "-v") as (app, pilot):
        leader = "ctrl+right_square_bracket"
        await pilot.press(leader, "z", leader, "q", leader, leader, "enter")
        await until(app, lambda shown: "^]" in shown)
        assert app.noted == ["ZoomAsked", "Released"]
        assert not app.pane.session.ended


async def test_end_is_shown_and_told() -> None:
    async with running("sh", "-c", "echo bye; exit 3") as (app, pilot):
        shown = await until(app, lambda shown: "ended" in shown[-1])
        assert shown[0] == "bye"
        assert "ended with 3" in shown[-1]
        await pilot.pause()
        assert app.noted == ["Exited"]
        await pilot.press("enter")
        await pilot.pause()
        assert app.noted == ["Exited", "Released"]


async def test_history_is_looked_back_at_and_copied() -> None:
    async with running("sh", "-c", "seq 1 100; exec cat") as (app, pilot):
        await until(app, lambda shown: "100" in shown)
        await pilot.press("ctrl+right_square_bracket", "[")
        await pilot.press("g")
        assert rows(app)[0] == "1"
        await pilot.press("V", "j", "j", "y")
        assert app.clipboard == "1\n2\n3"
        assert "100" in rows(app)
        await pilot.press("ctrl+right_square_bracket", "[", "pageup", "pageup")
        assert "100" not in rows(app)
        await pilot.press("escape")
        assert "100" in rows(app)


async def test_paste_is_bracketed_for_who_asks() -> None:
    async with running("sh", "-c", "printf '\\033[?2004h'; exec cat -v") as (app, pilot):
        await until(app, lambda shown: app.pane.session.backend.modes().bracketed_paste)
        app.pane.post_message(events.Paste("rm\x1b[201~x\n"))
        await pilot.press("enter")
        await until(app, lambda shown: any("^[[200~rm[201~x" in row for row in shown))


async def test_mouse_is_reported_to_who_asks() -> None:
    async with running("sh", "-c", "printf '\\033[?1000h\\033[?1006h'; stty -icanon; exec cat -v") as (
        app,
        pilot,
    ):
        await until(app, lambda shown: app.pane.session.backend.modes().mouse_sgr)
        await pilot.click(app.pane, offset=(4, 2))
        await until(app, lambda shown: any("^[[<0;5;3M^[[<0;5;3m" in row for row in shown))


async def test_program_copies_to_the_clipboard() -> None:
    async with running("printf", "\\033]52;c;aGVsbG8=\\007done") as (app, _):
        await until(app, lambda shown: shown[0].startswith("done"))
        app.pane.frame()
        assert app.clipboard == "hello"


@pytest.mark.parametrize("kind", KINDS)
async def test_keys_are_heard_while_output_floods(kind: str) -> None:
    """k9s#776: with a firehose the keyboard was dead."""
    async with running("sh", "-c", "yes & exec cat >/dev/null", kind=kind) as (app, pilot):
        await until(app, lambda shown: shown[0] == "y")
        await pilot.press("ctrl+right_square_bracket", "q")
        await pilot.pause()
        assert "Released" in app.noted


async def test_session_goes_on_without_its_pane() -> None:
    async with running(*BASH) as (app, pilot):
        await typed(pilot, "echo before\r")
        await until(app, lambda shown: "before" in shown)
        session = app.pane.session
        await app.pane.remove()
        session.write(b"echo meanwhile\r")
        await session.expect(["meanwhile\r\n"])
        app.pane = ShellPane(session)
        await app.mount(app.pane)
        await pilot.pause()
        await until(app, lambda shown: "before" in shown and "meanwhile" in shown)


@pytest.mark.parametrize("kind", KINDS)
async def test_mouse_selects_and_copies(kind: str) -> None:
    async with running("sh", "-c", "seq 1 30; echo one /etc/passwd two; exec cat", kind=kind) as (app, pilot):
        await until(app, lambda shown: "one /etc/passwd two" in shown)
        y = rows(app).index("one /etc/passwd two")
        await pilot.mouse_down(app.pane, offset=(1, y - 1))
        await pilot.hover(app.pane, offset=(2, y))
        await pilot.mouse_up(app.pane, offset=(2, y))
        await pilot.pause()
        assert app.clipboard == "0\none"
        reverse = [
            s.text for s in app.pane.render_lines(app.pane.size.region)[y] if s.style and s.style.reverse
        ]
        assert reverse == ["one"]
        await pilot.double_click(app.pane, offset=(6, y))
        await pilot.pause()
        assert app.clipboard == "/etc/passwd"
        await pilot.triple_click(app.pane, offset=(6, y))
        await pilot.pause()
        assert app.clipboard == "one /etc/passwd two"
        await typed(pilot, "x\r")
        await until(app, lambda shown: "x" in shown)
        segments = app.pane.render_lines(app.pane.size.region)[0]
        assert not any(s.style and s.style.reverse for s in segments)


async def test_wheel_looks_back() -> None:
    async with running("sh", "-c", "seq 1 100; exec cat") as (app, pilot):
        first = (await until(app, lambda shown: "100" in shown))[0]
        app.pane.post_message(events.MouseScrollUp(app.pane, 4, 4, 0, -1, 0, False, False, False))
        await pilot.pause()
        assert int(rows(app)[0]) == int(first) - 3
