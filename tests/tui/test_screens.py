from __future__ import annotations

import pytest
from textual.events import MouseScrollDown

from pydock.core.errors import Forbidden, Unavailable
from pydock.core.schema.containers import ContainerSummary
from pydock.tui import mirror as mirror_module
from pydock.tui.config import Settings
from pydock.tui.dialogs.confirm import Confirm
from pydock.tui.dialogs.help import Help
from pydock.tui.dialogs.picker import Picker
from pydock.tui.text import ASCII
from support.fakeengine import FakeEngine, demo
from support.pilot import running

SIZES = [(40, 10), (80, 24), (120, 40), (158, 43), (200, 50), (300, 90)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror_module, "RETRY_S", (0.01,))


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_containers(size: tuple[int, int]) -> None:
    """gomanagedocker#21 refuses 158x43."""
    async with running(demo(), size) as driver:
        screen = driver.text()
        assert "Containers" in screen
        assert "web-1" in screen or size == (40, 10)
        assert max(len(line) for line in screen.splitlines()) <= size[0]


async def test_resizing_never_breaks_even_below_an_open_dialog() -> None:
    async with running(demo()) as driver:
        await driver.press("d")
        for width, height in ((158, 43), (80, 24), (40, 10), (30, 5), (1, 1), (120, 40)):
            await driver.pilot.resize_terminal(width, height)
            await driver.pilot.pause()
        assert isinstance(driver.app.screen, Picker)
        await driver.press("escape")
        assert "Containers" in driver.text()


async def test_too_small_a_terminal_says_what_it_needs() -> None:
    async with running(demo(), (39, 9)) as driver:
        assert "pydock needs 40x10" in driver.text()
        assert "this is 39x9" in driver.text()
        await driver.pilot.resize_terminal(80, 24)
        await driver.pilot.pause()
        assert "Containers" in driver.text()


async def test_narrow_screens_show_one_side_and_tab_goes_on() -> None:
    async with running(demo(), (80, 24)) as driver:
        main = driver.main
        assert main.panes["container"].is_on_screen
        assert not main.detail.is_on_screen
        await driver.press("5")
        await driver.until(lambda: main.detail.is_on_screen)
        assert not main.panes["container"].is_on_screen
        await driver.press("tab")
        await driver.until(lambda: main.panes["container"].table.has_focus)


async def test_the_cursor_stays_on_its_container_when_others_come_and_go() -> None:
    engine = demo()
    async with running(engine) as driver:
        table = driver.main.panes["container"].table
        table.select(next(id for id, c in engine.containers.items() if c.names == ["/job"]))
        key = table.key
        engine.emit("container", "create", engine.add_container("aaa"))
        await driver.until(lambda: "aaa" in driver.rows("container"))
        assert table.key == key
        gone = next(id for id, c in engine.containers.items() if c.names == ["/api"])
        del engine.containers[gone]
        engine.emit("container", "destroy", gone)
        await driver.until(lambda: "api" not in driver.rows("container"))
        assert table.key == key


async def test_a_container_without_names_is_a_row() -> None:
    """lazydocker#754, #713 panic."""
    engine = demo()
    engine.containers["f" * 64] = ContainerSummary(id="f" * 64, state="removing")
    async with running(engine) as driver:
        assert "f" * 12 in driver.rows("container")


async def test_names_cannot_move_the_cursor() -> None:
    engine = FakeEngine()
    engine.add_container("a\x1b[2Jb")
    async with running(engine) as driver:
        assert "\x1b" not in driver.text()
        assert driver.rows("container") == ["a\\x1b[2Jb"]


async def test_markup_in_names_is_text() -> None:
    engine = FakeEngine()
    engine.add_container("[bold]x", image="[red]i[/]")
    engine.add_image("[red]i[/]")
    async with running(engine) as driver:
        await driver.until(lambda: "5 [bold]x  Logs" in driver.text())
        await driver.press("2")
        assert "[red]i[/]" in driver.rows("image")


async def test_nothing_to_show_says_what_to_press() -> None:
    async with running(FakeEngine()) as driver:
        await driver.until(lambda: "2 L   load an image from an archive" in driver.text())
        assert "no images: L loads an archive" in driver.text()
        await driver.press("?")
        assert "choose how to remove; never acts at once" in driver.text()


async def test_an_idle_screen_asks_nothing() -> None:
    """lazydocker#115, #296: no calls but the event stream, with no container that runs."""
    engine = FakeEngine()
    engine.add_container("old", state="exited")
    async with running(engine) as driver:
        await driver.until(lambda: engine.asked("/logs"))
        before = len(engine.calls)
        for _ in range(5):
            driver.main.feed.sample()
            await driver.pilot.pause()
        assert len(engine.calls) == before


async def test_statistics_only_for_what_is_visible_and_while_someone_looks() -> None:
    engine = FakeEngine()
    for number in range(100):
        engine.add_container(f"c{number:03}")
    async with running(engine) as driver:
        await driver.until(lambda: engine.asked("/pydock/stats") and not driver.main.feed._sampling)
        visible = driver.main.panes["container"].table.visible_keys()
        assert 0 < len(visible) < 100
        assert set(driver.main.mirror.picture.history) <= set(visible)
        asked = engine.asked("/pydock/stats")
        driver.app.app_focus = False
        driver.main.feed.sample()
        await driver.pilot.pause()
        assert engine.asked("/pydock/stats") == asked
        driver.app.app_focus = True
        await driver.press("?")
        await driver.until(lambda: isinstance(driver.app.screen, Help))
        await driver.until(lambda: not driver.main.feed._sampling)
        asked = engine.asked("/pydock/stats")
        driver.main.feed.sample()
        await driver.pilot.pause()
        assert engine.asked("/pydock/stats") == asked


async def test_a_lost_line_greys_the_lists_and_comes_back_by_itself() -> None:
    engine = demo()
    async with running(engine) as driver:
        engine.refuse = Unavailable("the daemon is away")
        engine.cut()
        await driver.until(lambda: "the daemon is away" in driver.text())
        assert driver.main.panes["container"].table.stale
        assert "reconnecting" in driver.text()
        assert "web-1" in driver.rows("container")
        await driver.press("s")
        assert driver.complaints[-1] == "the daemon is away"
        engine.refuse = None
        await driver.live()
        assert not driver.main.panes["container"].table.stale
        assert "the daemon is away" not in driver.text()


async def test_no_engine_is_a_banner_with_what_to_do() -> None:
    engine = demo()
    engine.refuse = Forbidden("the engine in this process needs root: sudo pydock-tui")
    async with running(engine, live=False) as driver:
        await driver.until(lambda: "needs root: sudo pydock-tui" in driver.text())
        assert "^r tries again" in driver.text()
        assert "Traceback" not in driver.text()
        engine.refuse = None
        await driver.press("ctrl+r")
        await driver.live()


async def test_a_bug_in_the_engine_is_a_banner_too() -> None:
    engine = demo()
    engine.refuse = AttributeError("module has no attribute")  # type: ignore[assignment]
    async with running(engine, live=False) as driver:
        await driver.until(lambda: "this should not happen: AttributeError: module has no" in driver.text())
        engine.refuse = None
        await driver.press("ctrl+r")
        await driver.live()


async def test_what_the_host_lacks_is_told() -> None:
    engine = demo()
    engine.warnings = ["no memory cgroup: limits are ignored"]
    async with running(engine) as driver:
        assert "no memory cgroup: limits are ignored" in driver.text()


async def test_the_first_frame_comes_before_the_first_call() -> None:
    engine = demo()
    async with running(engine, live=False) as driver:
        screen = driver.text()
        assert "Containers" in screen
        await driver.live()


async def test_filter_narrows_and_esc_clears() -> None:
    async with running(demo()) as driver:
        await driver.press("/")
        await driver.type("web")
        assert driver.rows("container") == ["web-1", "web-2"]
        await driver.press("enter")
        assert driver.main.panes["container"].table.has_focus
        await driver.press("n")
        first = driver.main.panes["container"].table.key
        await driver.press("n", "n")
        assert driver.main.panes["container"].table.key == first
        await driver.press("escape")
        assert len(driver.rows("container")) == 8


async def test_a_filter_without_matches_says_so_and_takes_no_action() -> None:
    engine = demo()
    async with running(engine) as driver:
        await driver.press("/")
        await driver.type("zzz")
        await driver.press("enter", "s")
        assert driver.rows("container") == []
        assert not [path for method, path in engine.calls if method == "POST"]
        assert "nothing to stop/start here" in driver.complaints


async def test_stopped_containers_can_be_hidden() -> None:
    async with running(demo()) as driver:
        await driver.press("A")
        assert driver.rows("container") == ["api", "db", "web-1", "web-2", "worker"]
        assert "stopped hidden" in driver.text()
        await driver.press("A")
        assert len(driver.rows("container")) == 8


async def test_sorting_by_a_column_and_round() -> None:
    async with running(demo()) as driver:
        await driver.press("o", "j", "j", "j", "j", "enter")
        images = [
            driver.main.panes["container"].table.rows[k].cells[4].text
            for k in driver.main.panes["container"].table.shown
        ]
        assert images == sorted(images)
        await driver.press("O")
        assert driver.rows("container")[0] == "api" or images


async def test_movement_keys() -> None:
    async with running(demo()) as driver:
        table = driver.main.panes["container"].table
        await driver.press("j", "j", "k")
        assert table.shown.index(table.key or "") == 1
        await driver.press("G")
        assert table.shown.index(table.key or "") == 7
        await driver.press("g")
        assert table.shown.index(table.key or "") == 0


async def test_numbers_and_tab_go_to_panes() -> None:
    async with running(demo()) as driver:
        main = driver.main
        for key, kind in (("2", "image"), ("3", "layer"), ("4", "network"), ("1", "container")):
            await driver.press(key)
            await driver.until(lambda kind=kind: main.panes[kind].table.has_focus)
        await driver.press("5")
        await driver.until(lambda: main.detail.has_focus_within)
        await driver.press("7")
        assert main.detail.tab == "events"
        await driver.press("escape")
        await driver.until(lambda: main.panes["container"].table.has_focus)
        await driver.press("shift+tab")
        await driver.until(lambda: main.detail.has_focus_within)


async def test_tabs_turn_with_brackets() -> None:
    async with running(demo()) as driver:
        detail = driver.main.detail
        await driver.until(lambda: detail.target is not None)
        seen = [detail.tab]
        for _ in range(4):
            await driver.press("]")
            seen.append(detail.tab)
        assert seen == ["logs", "stats", "inspect", "events", "logs"]
        await driver.press("[")
        assert detail.tab == "events"


async def test_zoom_shows_one_pane_and_gives_the_others_back() -> None:
    async with running(demo()) as driver:
        main = driver.main
        await driver.press("z")
        assert not main.detail.is_on_screen
        assert not main.panes["image"].is_on_screen
        await driver.press("escape")
        assert main.detail.is_on_screen
        await driver.press("5")
        await driver.until(lambda: main.detail.has_focus_within)
        await driver.press("z")
        assert not main.panes["container"].is_on_screen
        await driver.press("tab")
        await driver.until(lambda: main.panes["container"].table.has_focus)
        assert main.panes["container"].is_on_screen


async def test_layers_follow_the_image() -> None:
    async with running(demo()) as driver:
        await driver.until(lambda: len(driver.main.panes["layer"].table.rows) == 5)
        await driver.press("2", "j")
        await driver.until(lambda: driver.main.panes["layer"].note == "nginx:1.27")
        await driver.press("3", "enter")
        await driver.until(lambda: "CMD" in driver.text(driver.main.detail.text))


async def test_inspect_shows_the_record_and_can_be_searched() -> None:
    async with running(demo()) as driver:
        await driver.press("i")
        await driver.until(lambda: "A=b;c=d" in driver.text(driver.main.detail.text))
        await driver.press("/")
        await driver.type("foo")
        assert len(driver.main.detail.text.hits) == 1
        await driver.press("escape")
        assert driver.main.detail.text.hits == []


async def test_help_lists_the_keys_of_here() -> None:
    async with running(demo()) as driver:
        await driver.press("?")
        assert isinstance(driver.app.screen, Help)
        assert "choose how to remove; never acts at once" in driver.text()
        await driver.press("escape")
        await driver.press("2", "?")
        assert "start a container from it" in driver.text()


async def test_themes_are_seen_while_choosing_and_esc_brings_the_old_one_back() -> None:
    async with running(demo()) as driver:
        before = driver.app.theme
        await driver.press("T", "j")
        assert driver.app.theme != before
        await driver.press("escape")
        assert driver.app.theme == before
        await driver.press("T", "k", "enter")
        assert driver.app.theme != before
        assert driver.app.theme == _saved_theme()


def _saved_theme() -> str:
    from pydock.tui import config

    settings, _ = config.load(config.directory() / "config.toml")
    return settings.theme


@pytest.mark.parametrize("theme", ["harbour", "paper", "beacon", "ember", "tide", "mono"])
async def test_every_theme_paints_every_screen(theme: str) -> None:
    async with running(demo(), theme=theme) as driver:
        await driver.press("t", "i", "d", "escape", "?", "escape")
        assert driver.app.theme == theme
        assert "web-1" in driver.text()


async def test_ascii_screens_are_ascii() -> None:
    async with running(demo(), glyphs=ASCII) as driver:
        lists = "".join(
            driver.text(driver.main.panes[kind].table) for kind in ("container", "image", "layer")
        )
        assert lists.isascii()
        frame = driver.text().splitlines()[1]
        assert frame.isascii()


async def test_the_mouse_chooses_rows_sorts_and_scrolls() -> None:
    engine = FakeEngine()
    for number in range(60):
        engine.add_container(f"c{number:02}")
    async with running(engine) as driver:
        table = driver.main.panes["container"].table
        await driver.pilot.click(table, offset=(5, 3))
        assert driver.main.lists.cursor("container").name == "c02"  # type: ignore[union-attr]
        await driver.pilot.click(table, offset=(2, 0))
        assert driver.rows("container")[0] == "c59"
        driver.app.screen._forward_event(
            MouseScrollDown(table, table.region.x + 1, table.region.y + 5, 0, 0, 0, False, False, False)
        )
        await driver.until(lambda: driver.rows("container")[0] not in driver.text(table))


async def test_the_k9s_preset_and_own_keys() -> None:
    engine = demo()
    settings = Settings(preset="k9s", keys={"screen.theme": "f5"})
    async with running(engine, settings=settings) as driver:
        await driver.press("d")
        await driver.until(lambda: driver.main.detail.tab == "inspect")
        await driver.press("escape", "ctrl+d")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))
        await driver.press("escape", "T")
        assert not isinstance(driver.app.screen, Picker)
        await driver.press("f5")
        await driver.until(lambda: isinstance(driver.app.screen, Picker))


async def test_unknown_actions_in_the_settings_are_told() -> None:
    settings = Settings(keys={"container.log": "x"})
    async with running(demo(), settings=settings) as driver:
        assert "unknown action: container.log; did you mean container.logs?" in driver.text()


async def test_the_log_tab_shows_the_state_of_its_log() -> None:
    async with running(demo()) as driver:
        await driver.until(lambda: driver.main.detail.log_pane is not None)
        await driver.until(lambda: "follow" in str(driver.main.detail.border_subtitle))


async def test_quitting_asks_only_for_shells() -> None:
    async with running(demo()) as driver:
        await driver.press("e")
        await driver.until(lambda: driver.main.pinned)
        await driver.press("ctrl+right_square_bracket", "q")
        await driver.until(lambda: driver.main.panes["container"].table.has_focus)
        await driver.press("q")
        assert isinstance(driver.app.screen, Confirm)
        await driver.press("escape")
        assert driver.app.is_running
        await driver.press("q", "y")
        await driver.until(lambda: not driver.app.is_running)
