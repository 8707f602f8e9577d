"""What is asked of many containers at once: a command, a search through their logs."""

from __future__ import annotations

from pydock.tui.dialogs.form import Form
from pydock.tui.screens.answers import Answers
from pydock.tui.widgets.logcanvas import LogCanvas
from pydock.tui.widgets.logpane import LogPane
from support.fakeengine import FakeEngine, demo
from support.pilot import Driver, running


async def _ask(driver: Driver, command: str) -> Answers:
    await driver.press("!")
    await driver.until(lambda: isinstance(driver.app.screen, Form))
    await driver.type(command)
    await driver.press("enter")
    await driver.until(lambda: isinstance(driver.app.screen, Answers))
    answers = driver.app.screen
    assert isinstance(answers, Answers)
    await driver.until(lambda: all(answer.code is not None for answer in answers.answers))
    await driver.until(lambda: "to stderr" in driver.text())
    return answers


async def test_a_command_is_answered_by_all_marked_containers_side_by_side() -> None:
    async with running(demo()) as driver:
        await driver.press("space", "j", "space")
        answers = await _ask(driver, "ls|wc")
        assert [answer.code for answer in answers.answers] == [3, 3]
        shown = driver.text()
        for answer in answers.answers:
            assert f"/{answer.target.name}: sh -c ls|wc" in shown
        assert shown.count("exit 3, 0.") == 2
        assert "0 exit 0, 2 not, 0 running" in shown
        await driver.press("Y")
        assert driver.app.clipboard.count("== ") == 2
        await driver.press("tab", "z")
        await driver.until(lambda: driver.text().count("exit 3, 0.") == 1)
        await driver.press("z", "escape")
        await driver.until(lambda: driver.app.screen is driver.main)


async def test_a_find_shows_lines_of_all_and_jumps_to_one() -> None:
    engine = FakeEngine()
    for name in ("web", "api"):
        id = engine.add_container(name)
        engine.logs[id] = [
            (1, b"2026-11-25T01:00:%02d.000000000Z %s request %d\n" % (n, name.encode(), n))
            for n in range(40)
        ]
    async with running(engine) as driver:
        await driver.press("F")
        await driver.until(lambda: isinstance(driver.app.screen, Form))
        await driver.type("/request 2[05]$/")
        await driver.press("tab", "ctrl+u", "enter")
        await driver.until(lambda: isinstance(driver.app.focused, LogCanvas))
        await driver.until(lambda: "api request 25" in driver.text())
        found = next(iter(driver.main.pinned))
        assert isinstance(found, LogPane)
        await driver.until(lambda: len(found.model.view) == 4)
        assert found.title == "find /request 2[05]$/"
        await driver.press("V", "k", "k", "k", "enter")
        await driver.until(lambda: len(driver.main.pinned) == 2)
        log = next(pane for pane in driver.main.pinned if pane is not found)
        assert isinstance(log, LogPane)
        await driver.until(lambda: log.model.selection == (20, 20))
        assert log.title in ("web", "api")
        assert not log.model.viewport.follow
        assert "request 19" in driver.text()


async def test_a_find_for_nothing_is_refused() -> None:
    async with running(demo()) as driver:
        await driver.press("F")
        await driver.until(lambda: isinstance(driver.app.screen, Form))
        await driver.press("enter")
        assert "find what?" in driver.text()
        await driver.type("/(/")
        await driver.press("enter")
        assert "not a regular expression" in driver.text()
