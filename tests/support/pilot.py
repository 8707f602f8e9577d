"""How the tests drive the app: started over a fake engine, settled by events instead of sleeps."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.keys import _character_to_key as _key_name
from textual.pilot import Pilot
from textual.widget import Widget

from pydock.tui.app import Workstation
from pydock.tui.config import Settings
from pydock.tui.screens.main import MainScreen
from pydock.tui.text import UNICODE, Glyphs
from support.fakeengine import FakeEngine

PATIENCE = 10.0


class Driver:
    """A running app, its main screen and its keys."""

    def __init__(self, app: Workstation, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def main(self) -> MainScreen:
        assert self.app.main is not None
        return self.app.main

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.until(lambda: self.app.typing.at_rest or not self.app.is_running)
        await self.pilot.pause()

    async def burst(self, *keys: str) -> None:
        """Send keys as one write of a terminal does: none waits for what the one before it did."""
        for key in keys:
            character = key if len(key) == 1 else None
            self.app.post_message(events.Key(key if character is None else _key_name(key), character))
        await self.pilot.pause()
        await self.until(lambda: self.app.typing.at_rest or not self.app.is_running)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*text)

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Let the app work until something holds; fails after a while."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                await self.pilot.pause()

    async def live(self) -> None:
        await self.until(lambda: self.main.mirror.picture.link.state == "live")
        await self.pilot.pause()

    def rows(self, kind: str) -> list[str]:
        """The names in a list, as shown."""
        table = self.main.panes[kind].table  # type: ignore[index]
        return [table.rows[key].cells[0].text for key in table.shown]

    def text(self, widget: Widget | None = None) -> str:
        """What a widget paints, or the whole screen."""
        if widget is None:
            lines = self.app.screen._compositor.render_strips()
            return "\n".join(strip.text.rstrip() for strip in lines)
        strips = widget.render_lines(Region(0, 0, widget.size.width, widget.size.height))
        return "\n".join(
            "".join(s.text for s in strip if isinstance(s, Segment)).rstrip() for strip in strips
        )

    @property
    def complaints(self) -> list[str]:
        return [notification.message for notification in self.app._notifications]


@contextlib.asynccontextmanager
async def running(
    engine: FakeEngine,
    size: tuple[int, int] = (120, 40),
    *,
    live: bool = True,
    settings: Settings | None = None,
    glyphs: Glyphs = UNICODE,
    theme: str = "",
) -> AsyncIterator[Driver]:
    """Run the app over this engine; with `live` wait for its first lists."""
    app = Workstation(engine.connect, host="fake", settings=settings, glyphs=glyphs, theme_name=theme)
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        if live:
            await driver.live()
        yield driver
