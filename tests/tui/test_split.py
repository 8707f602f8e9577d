from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from textual import on
from textual.app import App, ComposeResult

from pydock.tui.logs.runs import Runs
from pydock.tui.terminal.session import ShellSession
from pydock.tui.widgets.logpane import LogPane
from pydock.tui.widgets.shellpane import ShellPane
from pydock.tui.widgets.split import SplitArea


class Quiet:
    """A log and a shell that say nothing."""

    color = ""

    def __init__(self, name: str) -> None:
        self.name = name

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        await asyncio.Event().wait()
        yield 1, b""

    async def runs(self) -> Runs:
        return Runs()

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        return
        yield 1, b""

    async def read(self, n: int = 65536) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def write(self, data: bytes) -> None: ...

    async def close_write(self) -> None: ...

    async def close(self) -> None: ...

    async def resize(self, rows: int, columns: int) -> None: ...

    async def wait(self) -> int | None:
        return None


class Screen(App[None], inherit_bindings=False):
    def __init__(self) -> None:
        super().__init__()
        self.split = SplitArea()
        self.noted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.split

    @on(SplitArea.PaneClosed)
    @on(SplitArea.Emptied)
    def _noted(self, event: SplitArea.PaneClosed | SplitArea.Emptied) -> None:
        self.noted.append(type(event).__name__)


def log(name: str) -> LogPane:
    return LogPane(Quiet(name))


WIDE = ([(0, 0)], [(0, 0), (60, 0)], [(0, 0), (60, 0), (60, 20)], [(0, 0), (60, 0), (0, 20), (60, 20)])
NARROW = ([(0, 0)], [(0, 0), (0, 12)], [(0, 0), (0, 8), (0, 16)], [(0, 0), (0, 6), (0, 12), (0, 18)])


@pytest.mark.parametrize(("size", "places"), [((120, 40), WIDE), ((80, 24), NARROW)])
async def test_panes_stand_side_by_side_or_stacked(
    size: tuple[int, int], places: tuple[list[tuple[int, int]], ...]
) -> None:
    app = Screen()
    async with app.run_test(size=size) as pilot:
        for count, expected in enumerate(places, 1):
            assert await app.split.add(log(f"web-{count}"))
            await pilot.pause()
            assert [frame.region.offset for frame in app.split.children] == expected
            assert sum(frame.region.area for frame in app.split.children) == size[0] * size[1]
        assert not await app.split.add(log("fifth"))
        assert len(app.split.panes) == 4


async def test_focus_goes_round_and_closing_moves_it_on() -> None:
    app = Screen()
    async with app.run_test(size=(120, 40)) as pilot:
        panes = [log("a"), log("b"), log("c")]
        for pane in panes:
            await app.split.add(pane)
        assert app.split.focused_pane is None
        order = []
        for _ in range(4):
            app.split.focus_next()
            await pilot.pause()
            order.append(app.split.focused_pane)
        assert order == [*panes, panes[0]]
        app.split.focus_previous()
        await pilot.pause()
        assert app.split.focused_pane is panes[2]
        await app.split.close()
        await pilot.pause()
        assert app.split.focused_pane is panes[1]
        await app.split.close(panes[0])
        await app.split.close()
        await pilot.pause()
        assert app.noted == ["PaneClosed"] * 3 + ["Emptied"]


async def test_zoom_shows_one_and_all_again() -> None:
    app = Screen()
    async with app.run_test(size=(120, 40)) as pilot:
        for name in "abc":
            await app.split.add(log(name))
        app.split.focus_next()
        await pilot.pause()
        app.split.zoom()
        await pilot.pause()
        assert [frame.region.size for frame in app.split.children if frame.region.area] == [(120, 40)]
        app.split.zoom()
        await pilot.pause()
        assert len([frame for frame in app.split.children if frame.region.area]) == 3


async def test_frames_say_what_they_are() -> None:
    app = Screen()
    async with app.run_test(size=(120, 40)) as pilot:
        quiet = Quiet("")
        session = ShellSession(quiet, name="web [1]", resize=quiet.resize, wait=quiet.wait, backend="bittty")
        await app.split.add(log("db"))
        await app.split.add(ShellPane(session))
        app.split.focus_next()
        await pilot.press("f")
        await pilot.pause(0.3)
        first, second = app.split.children
        assert str(first.border_title) == "db"
        assert "held" in str(first.border_subtitle) or "follow" in str(first.border_subtitle)
        assert str(second._border_title) == "web [1]"
        assert str(second.border_subtitle) == "ctrl-] leader"
        await session.close()


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (300, 90)])
async def test_any_size_of_screen_is_drawn(size: tuple[int, int]) -> None:
    app = Screen()
    async with app.run_test(size=(120, 40)) as pilot:
        for name in "abcd":
            await app.split.add(log(name))
        await pilot.resize_terminal(*size)
        await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert len(app.split.panes) == 4
