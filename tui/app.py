"""The app: settings, themes and keys put together around the main screen."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import App
from textual.screen import Screen

from . import actions, config, keymap, theme
from .config import Settings
from .mirror import Mirror
from .picture import Update
from .screens.main import MainScreen
from .text import ASCII, UNICODE, Glyphs
from .typeahead import TypeAhead

if TYPE_CHECKING:
    from pydock.core.client import Client

Connect = Callable[[], AbstractAsyncContextManager["Client"]]


class Workstation(App[None], inherit_bindings=False):
    """The workstation over one engine.

    It binds no key of its own with priority, so that a captured shell gets all of them.
    """

    CSS_PATH = ["screens/main.tcss", "dialogs/dialogs.tcss"]
    ENABLE_COMMAND_PALETTE = False
    TITLE = "pydock"

    def __init__(
        self,
        connect: Connect,
        *,
        host: str = "local",
        settings: Settings | None = None,
        problems: list[str] | None = None,
        glyphs: Glyphs = UNICODE,
        theme_name: str = "",
    ) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self.glyphs = ASCII if self.settings.ascii else glyphs
        self.mirror = Mirror(connect, self._publish)
        self.keymap = keymap.build(actions.ACTIONS, self.settings.preset, self.settings.own_keys())
        self._host = host
        self._problems = [*(problems or ()), *self.keymap.conflicts, *self._unknown_keys()]
        self._theme_name = theme_name or self.settings.theme
        self.main: MainScreen | None = None
        self.typing = TypeAhead(self)
        self._load_themes()
        for key in {key for table in self.keymap.by_scope.values() for key in table}:
            self.bind(key, f"press('{key}')", show=False)

    def _unknown_keys(self) -> list[str]:
        known = list(actions.BY_ID)
        return [
            f"config.toml: keys: unknown action: {id}{config.suggestion(id, known)}"
            for id in self.settings.keys
            if id not in actions.BY_ID
        ]

    def _load_themes(self) -> None:
        loaded = theme.load(config.directory() / "themes")
        self._problems += loaded.problems
        for each in loaded.themes.values():
            self.register_theme(each)
        self._themes = list(loaded.themes)
        wanted = self._theme_name or (theme.PLAIN if self.no_color else theme.DEFAULT)
        if wanted not in self._themes:
            self._problems.append(f"no such theme: {wanted}{config.suggestion(wanted, self._themes)}")
            wanted = theme.DEFAULT
        self.theme = wanted

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.defaults(self.current_theme.to_color_system().generate())

    def get_default_screen(self) -> Screen[None]:
        self.main = MainScreen(
            self.mirror,
            self.settings,
            self.keymap,
            self.glyphs,
            self._host,
            self._themes,
            self.typing,
            self._problems,
        )
        return self.main

    def on_mount(self) -> None:
        self.set_class(not self.glyphs.unicode, "-ascii")
        self._type()
        # The first frame goes out before anything is imported or asked for.
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        # What was built up to here stays for good: collections need not look at it again (TEXTUAL.md B.2).
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        gc.enable()
        self._mirror()

    @work(exit_on_error=True)
    async def _mirror(self) -> None:
        while True:
            try:
                await self.mirror.run()
            except Exception as error:  # noqa: BLE001  # a worker is one of the places where errors stop
                self.log.error(error)
                await self.mirror.broken(error)

    @work(exit_on_error=True)
    async def _type(self) -> None:
        await self.typing.run(super().on_event)

    async def on_event(self, event: events.Event) -> None:
        if (
            isinstance(event, events.Key | events.Paste)
            and not event.is_forwarded
            and self.typing.take(event)
        ):
            return
        await super().on_event(event)

    def _publish(self, update: Update) -> None:
        if self.main is not None and self.main.is_mounted:
            self.main.feed.take(update)

    def action_press(self, key: str) -> None:
        """A key that no widget took."""
        if self.main is not None:
            self.main.press(key)

    def action_press_tab(self, tab: str) -> None:
        """A tab of the detail pane was clicked."""
        if self.main is not None:
            self.main.detail.choose(tab)
