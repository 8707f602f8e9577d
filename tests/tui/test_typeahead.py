"""Keys sent in one burst act as if typed slowly."""

from __future__ import annotations

import asyncio

from textual import events
from textual.widgets import Input

from pydock.core.errors import Internal
from pydock.tui.dialogs.form import Form
from pydock.tui.dialogs.load import LoadDialog
from pydock.tui.widgets.shellpane import ShellPane
from support.fakeengine import FakeEngine, hexid
from support.pilot import Driver, running


def _engine() -> FakeEngine:
    engine = FakeEngine()
    engine.add_image("web:1")
    engine.add_image("db:1")
    for name in ("api", "db", "web"):
        engine.add_container(name)
    engine.add_container("old", state="exited")
    return engine


def _posts(engine: FakeEngine) -> list[str]:
    return [path for method, path in engine.calls if method in ("POST", "DELETE")]


async def test_a_pane_key_and_its_action_in_one_burst() -> None:
    async with running(_engine()) as driver:
        await driver.burst("2", "L")
        await driver.until(lambda: isinstance(driver.app.screen, LoadDialog))
        assert not driver.main.pinned


async def test_text_behind_the_key_of_a_dialog_goes_into_it() -> None:
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("2", "R", "tab", *"shop", "tab", *"sleep 9", "enter")
        await driver.until(lambda: engine.created)
        assert engine.created[0].cmd == ["sleep", "9"]
        await driver.until(lambda: "shop" in driver.rows("container"))
        assert not isinstance(driver.app.screen, Form)


async def test_keys_behind_a_dialog_go_to_what_it_leaves() -> None:
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("R", *"x", "enter", "2", "j", "3")
        await driver.until(lambda: any("rename" in path for path in _posts(engine)))
        await driver.until(lambda: driver.main.panes["layer"].table.has_focus)
        assert driver.main.panes["image"].table.key == list(driver.main.panes["image"].table.shown)[1]


async def test_a_filter_and_an_action_on_what_it_found() -> None:
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("/", *"db", "enter", "r")
        await driver.until(lambda: _posts(engine))
        assert _posts(engine) == [f"/containers/{hexid('db')}/restart"]


async def test_a_shell_gets_what_is_typed_behind_its_key() -> None:
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("e", *"ls -l", "enter", "ctrl+right_square_bracket", "q", "j")
        await driver.until(lambda: bytes(engine.typed) == b"ls -l\r")
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        assert driver.main.lists.cursor("container").name == "db"  # type: ignore[union-attr]


async def test_the_leader_and_a_key_of_outside() -> None:
    async with running(_engine()) as driver:
        await driver.burst("e", "a", "ctrl+right_square_bracket", "2", "j")
        await driver.until(lambda: driver.main.panes["image"].table.has_focus)
        assert driver.main.panes["image"].table.key == driver.main.panes["image"].table.shown[1]


async def test_what_was_typed_for_a_refused_shell_acts_on_nothing() -> None:
    """On a stopped container, and on one whose shell the engine can't start."""
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("/", *"old", "enter", "e", *"rm -rs d", "enter")
        assert "old is not running" in driver.complaints
        assert _posts(engine) == []
        assert driver.main.pinned == {}
    engine = _engine()
    async with running(engine) as driver:
        engine.fail["POST", f"/containers/{hexid('api')}/exec"] = Internal("no room for a shell")
        await driver.burst("e", *"srd", "enter")
        await driver.until(lambda: "no room for a shell" in driver.complaints)
        assert _posts(engine) == [f"/containers/{hexid('api')}/exec"]


async def test_keys_work_again_after_a_refused_shell() -> None:
    async with running(_engine()) as driver:
        await driver.burst("/", *"old", "enter", "e")
        await driver.burst("2", "escape", "2")
        await driver.until(lambda: driver.main.panes["image"].table.has_focus)


async def test_a_long_stop_does_not_hold_the_keys() -> None:
    engine = _engine()
    gate = asyncio.Event()
    engine.gates["POST", f"/containers/{hexid('api')}/stop"] = gate
    async with running(engine) as driver:
        await driver.burst("s", "j", "2")
        await driver.until(lambda: driver.main.panes["image"].table.has_focus)
        assert not gate.is_set()
        gate.set()


async def test_ten_thousand_letters_reach_a_shell_in_order() -> None:
    engine = _engine()
    async with running(engine) as driver:
        await driver.burst("e")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        text = "".join(chr(97 + i % 26) for i in range(10_000))
        for letter in text:
            driver.app.post_message(events.Key(letter, letter))
        await driver.until(lambda: len(engine.typed) == len(text))
        assert engine.typed.decode() == text


async def test_a_paste_keeps_its_place_among_keys() -> None:
    engine = _engine()
    async with running(engine) as driver:
        driver.app.post_message(events.Key("R", "R"))
        driver.app.post_message(events.Paste("fresh"))
        driver.app.post_message(events.Key("2", "2"))
        await driver.until(lambda: _value(driver) == "fresh2" or _value(driver) == "apifresh2")


def _value(driver: Driver) -> str:
    found = driver.app.screen.query(Input)
    return found.first().value if found and isinstance(driver.app.screen, Form) else ""
