from __future__ import annotations

from pathlib import Path

import pytest

from pydock.core.errors import Internal
from pydock.tui.actions import ACTIONS, BY_ID
from pydock.tui.dialogs.confirm import Confirm
from pydock.tui.dialogs.form import Form
from pydock.tui.dialogs.load import LoadDialog
from pydock.tui.dialogs.picker import Picker
from pydock.tui.screens.commands import COMMANDS
from pydock.tui.widgets.logpane import LogPane
from pydock.tui.widgets.shellpane import ShellPane
from support.fakeengine import FakeEngine, demo
from support.pilot import Driver, running


def posts(engine: FakeEngine) -> list[str]:
    return [f"{method} {path}" for method, path in engine.calls if method in ("POST", "DELETE")]


def id_of(engine: FakeEngine, name: str) -> str:
    return next(id for id, c in engine.containers.items() if c.names == [f"/{name}"])


async def select(driver: Driver, engine: FakeEngine, name: str) -> str:
    id = id_of(engine, name)
    assert driver.main.panes["container"].table.select(id)
    await driver.pilot.pause()
    return id


def test_every_action_can_be_done() -> None:
    for action in ACTIONS:
        ways = (action.run is not None) + bool(action.menu) + (action.id in COMMANDS)
        assert ways == 1, action.id
        assert all(id in BY_ID for id in action.menu)
    assert set(COMMANDS) <= set(BY_ID)


def test_every_action_with_a_key_explains_itself() -> None:
    assert [a.id for a in ACTIONS if a.keys and not a.help] == []


async def test_s_stops_what_runs_and_starts_what_does_not() -> None:
    """lazydocker#545, #836: `s` on a dead container offers stop."""
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("s")
        await driver.until(lambda: engine.containers[id].state == "exited")
        await driver.until(lambda: driver.main.said == "stopped api")
        await driver.until(lambda: driver.main.lists.cursor("container").state == "exited")  # type: ignore[union-attr]
        assert "start" in driver.text(driver.main.footer)
        await driver.press("s")
        await driver.until(lambda: engine.containers[id].state == "running")
        assert posts(engine) == [f"POST /containers/{id}/stop", f"POST /containers/{id}/start"]


async def test_stopping_leaves_the_grace_to_the_container() -> None:
    """ctop forces 3 s and dtop 10 s."""
    engine = demo()
    queries: list[dict[str, list[str]]] = []
    handle = engine.handle

    async def spy(request):  # type: ignore[no-untyped-def]
        if request.path.endswith("/stop"):
            queries.append(dict(request.query))
        return await handle(request)

    engine.handle = spy  # type: ignore[method-assign]
    async with running(engine) as driver:
        await select(driver, engine, "api")
        await driver.press("s")
        await driver.until(lambda: queries)
        assert "t" not in queries[0]


async def test_d_never_acts_at_once() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "job")
        await driver.press("d", "d", "d")
        assert isinstance(driver.app.screen, Picker)
        assert posts(engine) == []
        await driver.press("escape")
        assert posts(engine) == []
        await driver.press("d", "enter")
        await driver.until(lambda: id not in engine.containers)
        await driver.until(lambda: "job" not in driver.rows("container"))
        assert posts(engine) == [f"DELETE /containers/{id}"]


async def test_a_running_container_is_not_removed_by_d_and_enter() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("d", "enter")
        assert isinstance(driver.app.screen, Picker)
        assert "api runs: stop it first" in driver.text()
        await driver.press("j", "j")
        assert "docker rm -f api" in driver.text()
        await driver.press("enter")
        await driver.until(lambda: id not in engine.containers)


async def test_kill_chooses_a_signal() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("ctrl+k")
        assert posts(engine) == []
        await driver.press("j", "enter")
        await driver.until(lambda: posts(engine) == [f"POST /containers/{id}/kill"])


async def test_pause_goes_both_ways() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "worker")
        await driver.press("p")
        await driver.until(lambda: engine.containers[id].state == "running")


async def test_actions_take_all_marked_rows_after_asking() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("g", "space", "space")
        assert "2 marked" in str(driver.main.panes["container"].border_subtitle)
        await driver.press("s")
        assert isinstance(driver.app.screen, Confirm)
        await driver.press("enter")
        assert posts(engine) == []
        await driver.press("s", "y")
        await driver.until(lambda: len(posts(engine)) == 2)
        assert {engine.containers[id_of(engine, n)].state for n in ("api", "db")} == {"exited"}


async def test_what_cant_be_done_says_why() -> None:
    engine = demo()
    async with running(engine) as driver:
        await select(driver, engine, "job")
        await driver.press("e")
        assert driver.complaints == ["job is not running"]
        assert posts(engine) == []


async def test_the_engines_errors_are_one_line_and_the_app_goes_on() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        engine.fail["POST", f"/containers/{id}/restart"] = Internal("cgroup is gone")
        await driver.press("r")
        await driver.until(lambda: driver.complaints)
        assert driver.complaints == ["api: cgroup is gone"]
        assert id not in driver.main.lists.busy


async def test_repeat_does_the_last_action_to_another_row() -> None:
    engine = demo()
    async with running(engine) as driver:
        first = await select(driver, engine, "api")
        await driver.press("r")
        await driver.until(lambda: posts(engine))
        second = await select(driver, engine, "db")
        await driver.press(".")
        await driver.until(lambda: len(posts(engine)) == 2)
        assert posts(engine) == [f"POST /containers/{first}/restart", f"POST /containers/{second}/restart"]


async def test_rename() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("R")
        assert isinstance(driver.app.screen, Form)
        await driver.press("ctrl+u")
        await driver.type("api2")
        await driver.press("enter")
        await driver.until(lambda: engine.containers[id].names == ["/api2"])
        await driver.until(lambda: "api2" in driver.rows("container"))


async def test_logs_are_watched_and_added_to_the_split() -> None:
    engine = demo()
    async with running(engine) as driver:
        await select(driver, engine, "api")
        await driver.press("l")
        await driver.until(lambda: driver.main.detail.log_pane is not None)
        await driver.until(lambda: driver.main.detail.has_focus_within)
        await driver.press("escape")
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        await driver.press("L")
        await driver.until(lambda: driver.main.pinned)
        assert driver.main.split.is_on_screen
        assert driver.main.panes["container"].table.has_focus
        assert [type(pane) for pane in driver.main.pinned] == [LogPane]


async def test_only_four_panes_fit() -> None:
    engine = demo()
    async with running(engine, (200, 50)) as driver:
        for _ in range(5):
            await driver.press("L")
        await driver.until(lambda: driver.complaints)
        assert len(driver.main.pinned) == 4
        assert driver.complaints == ["four panes are open: close one first (X)"]


async def test_a_shell_gets_every_key_and_ctrl_right_bracket_leaves() -> None:
    engine = demo()
    async with running(engine) as driver:
        await select(driver, engine, "api")
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        await driver.press(*"qd:?1", "tab", "escape", "ctrl+q", "ctrl+c", "ctrl+p", "enter")
        await driver.until(lambda: bytes(engine.typed).endswith(b"\r"))
        assert bytes(engine.typed) == b"qd:?1\t\x1b\x11\x03\x10\r"
        assert "leave" in driver.text(driver.main.footer)
        await driver.press("ctrl+right_square_bracket", "q")
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)


async def test_the_leader_and_a_key_of_the_workstation_act_outside() -> None:
    engine = demo()
    async with running(engine) as driver:
        await select(driver, engine, "api")
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        await driver.press("ctrl+right_square_bracket", "2")
        await driver.until(lambda: driver.main.panes["image"].table.has_focus)
        assert bytes(engine.typed) == b""


async def test_a_shell_without_a_pane_goes_on_and_is_come_back_to() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        session = driver.app.focused.session  # type: ignore[union-attr]
        await driver.press("ctrl+right_square_bracket", "q")
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        await driver.press("6")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        await driver.main.split.close()
        await driver.until(lambda: driver.main.sessions.detached(id))
        assert driver.main.sessions.detached(id) == [session]
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        assert driver.app.focused.session is session  # type: ignore[union-attr]
        assert engine.asked("/exec") >= 1


async def test_several_shells_of_a_container_are_left_and_listed() -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        for count in (1, 2):
            await driver.press("e")
            if count == 2:
                await driver.until(lambda: isinstance(driver.app.screen, Picker))
                await driver.press("G", "enter")
            await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
            await driver.press("ctrl+right_square_bracket", "d")
            await driver.until(lambda: len(driver.main.sessions.detached(id)) == count)  # noqa: B023
            await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        sessions = driver.main.sessions.detached(id)
        assert "2 shells kept" in driver.text()
        await driver.press("ctrl+e")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        assert driver.text().count("root@web") == 2
        await driver.press("j", "enter")
        await driver.until(lambda: isinstance(driver.app.focused, ShellPane))
        assert driver.app.focused.session is sessions[1]  # type: ignore[union-attr]
        await driver.press("ctrl+right_square_bracket", "z")
        await driver.until(lambda: driver.main.split.alone)
        await driver.press("ctrl+right_square_bracket", "ctrl+q")
        await driver.until(lambda: isinstance(driver.app.screen, Confirm))
        await driver.press("y")
        await driver.until(lambda: not driver.app.is_running)
        assert all(session.ended for session in sessions)
        # An engine leaves what ran in them alone: each is told to hang up.
        assert sum("kill -HUP" in command for command in engine._commands.values()) == 2


async def test_marked_logs_are_merged_in_one_pane() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("space", "j", "space", "M")
        await driver.until(lambda: driver.main.pinned)
        await driver.until(lambda: "1 " in driver.text())
        assert [len(pane.sources) for pane in driver.main.pinned] == [2]  # type: ignore[union-attr]
        await driver.press("L")
        await driver.until(lambda: len(driver.main.pinned) == 3)


async def test_run_makes_a_container_of_an_image() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("2", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Form))
        await driver.press("tab")
        await driver.type("mine")
        await driver.press("tab")
        await driver.type("sleep 60")
        await driver.press("enter")
        await driver.until(lambda: "mine" in driver.rows("container"))
        assert engine.created[0].cmd == ["sleep", "60"]
        assert engine.created[0].image == "busybox:latest"
        await driver.until(lambda: engine.containers[id_of(engine, "mine")].state == "running")
        await driver.until(lambda: driver.main.lists.cursor("container").name == "mine")  # type: ignore[union-attr]


async def test_a_wrong_form_stays_open_and_says_why() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("2", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Form))
        await driver.press("tab")
        await driver.type("-bad")
        await driver.press("enter")
        assert isinstance(driver.app.screen, Form)
        assert "not a name: -bad" in driver.text()
        await driver.press("escape")
        assert posts(engine) == []


async def test_a_name_that_is_taken_opens_the_form_again_with_what_was_typed() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("2", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, Form))
        await driver.press("tab")
        await driver.type("api")
        await driver.press("enter")
        await driver.until(lambda: "is already in use" in driver.text())
        form = driver.app.screen
        assert isinstance(form, Form)
        assert form.values()["name"] == "api"
        await driver.press("tab", "end")
        await driver.type("3")
        await driver.press("enter")
        await driver.until(lambda: "api3" in driver.rows("container"))


async def test_load_streams_an_archive(tmp_path: Path) -> None:
    engine = FakeEngine()
    archive = tmp_path / "image.tar"
    archive.write_bytes(b"x" * 700_000)
    async with running(engine) as driver:
        await driver.press("2", "L")
        await driver.until(lambda: isinstance(driver.app.screen, LoadDialog))
        await driver.type(f"{tmp_path}/im")
        await driver.press("tab")
        await driver.until(lambda: f"{archive}" in driver.app.screen.query_one("PathInput").value)  # type: ignore[attr-defined]
        await driver.press("enter")
        await driver.until(lambda: "loaded:1" in driver.rows("image"))
        assert engine.loaded == archive.read_bytes()
        assert driver.main.said == "Loaded image: loaded:1"


async def test_load_says_what_is_wrong_with_a_path() -> None:
    async with running(FakeEngine()) as driver:
        await driver.press("2", "L")
        await driver.until(lambda: isinstance(driver.app.screen, LoadDialog))
        await driver.type("/nowhere.tar")
        await driver.press("enter")
        await driver.until(lambda: "No such file" in driver.text())
        assert isinstance(driver.app.screen, LoadDialog)


async def test_the_palette_finds_actions_and_objects() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press(":")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.type("postgres")
        await driver.press("enter")
        await driver.until(lambda: driver.main.panes["image"].table.has_focus)
        assert driver.main.lists.cursor("image").name == "postgres:16"  # type: ignore[union-attr]
        await driver.press("1", ":")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.type("restart")
        await driver.press("enter")
        await driver.until(lambda: any("/restart" in post for post in posts(engine)))


async def test_copying_uses_the_terminals_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = demo()
    async with running(engine) as driver:
        id = await select(driver, engine, "api")
        await driver.press("y", "enter")
        await driver.until(lambda: driver.app.clipboard == id)


async def test_the_engines_own_networks_stay() -> None:
    async with running(demo()) as driver:
        await driver.press("4", "d")
        assert driver.complaints == ["bridge is a network of the engine itself"]
