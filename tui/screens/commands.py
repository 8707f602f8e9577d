"""The screen's own actions by id: panes, filter, sort, dialogs, copying (the engine's: `perform.py`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .. import actions, config
from ..acts.action import Target
from ..dialogs.help import Help
from ..dialogs.picker import Entry, Picker
from ..rows import layers
from ..widgets.table import MOVEMENTS, Table
from ..widgets.textview import TextView
from . import answers, finding, forms, open, shells

if TYPE_CHECKING:
    from .main import MainScreen

Command = Callable[["MainScreen", Sequence[Target]], Awaitable[None] | None]


def move(movement: str) -> Command:
    """A movement in the list, table or text that has the focus."""

    def command(screen: MainScreen, targets: Sequence[Target]) -> None:
        match screen.focused:
            case Table() as table:
                MOVEMENTS[movement](table)
            case TextView() as text:
                text.move(movement)

    return command


def pane(name: str) -> Command:
    return lambda screen, targets: screen.places.go(name)


def tab(name: str) -> Command:
    """Show a tab of the detail pane, and go there."""

    def command(screen: MainScreen, targets: Sequence[Target]) -> None:
        screen.detail.choose(name)
        screen.places.go("detail")

    return command


def step_tab(count: int) -> Command:
    return lambda screen, targets: screen.detail.step(count)


def sort_menu(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Choose the column to sort by; the same again turns the order round."""
    table = screen.pane.table
    entries = [Entry(str(i), c.title.lower() or c.key) for i, c in enumerate(table.columns)]

    def chosen(id: str | None) -> None:
        if id is not None:
            table.sort_by(int(id))

    screen.app.push_screen(Picker("Sort by", entries, screen.glyphs, current=str(table.sort_column)), chosen)


def reverse(screen: MainScreen, targets: Sequence[Target]) -> None:
    table = screen.pane.table
    table.reverse = not table.reverse
    table.rearrange()


def stopped(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Hide stopped containers, or show them again."""
    table = screen.panes["container"].table
    table.show_hidden = not table.show_hidden
    table.rearrange()
    screen.refresh_footer()


def filter_list(screen: MainScreen, targets: Sequence[Target]) -> None:
    if screen.detail.has_focus_within:
        screen.detail.open_search()
    elif not screen.split.has_focus_within:
        screen.pane.open_filter()


def back(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.places.back()


def quit_or_back(screen: MainScreen, targets: Sequence[Target]) -> Awaitable[None] | None:
    return None if screen.places.back() else leave(screen, targets)


async def leave(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Quit; asks only when shells are open, for those would end."""
    from ..dialogs.confirm import Confirm

    count = shells.running(screen)
    if count and not await screen.app.push_screen_wait(
        Confirm(f"quit? {count} open shell{'s' * (count > 1)} will end", ["containers go on"])
    ):
        return
    await screen.sessions.close_all()
    screen.app.exit()


def reload(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.mirror.retry()
    screen.say("reading everything again")


async def repeat(screen: MainScreen, targets: Sequence[Target]) -> None:
    if screen.last is not None:
        await screen.do(screen.last, targets)


def help_screen(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.app.push_screen(Help(screen.scopes(), screen.keymap, screen.glyphs))


async def palette(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Find any action that is possible here, and any object, by a few letters of its name."""
    entries = []
    for action in actions.ACTIONS:
        if action.scope not in screen.scopes() or action.id == "screen.palette":
            continue
        entries.append(
            Entry(
                action.id,
                actions.label(action, targets),
                action.help,
                key=screen.keymap.first(action.id),
                refusal=action.refusal(targets),
                command=action.command(targets),
            )
        )
    for kind, shown in screen.panes.items():
        found = (screen.lists.target(kind, key) for key in shown.table.rows) if kind != "layer" else ()
        entries += [Entry(f"={kind}={t.id}", t.name, kind, tone="accent") for t in found if t is not None]
    chosen = await screen.app.push_screen_wait(Picker("Commands", entries, screen.glyphs, search=True))
    if chosen is None:
        return
    if chosen.startswith("="):
        _, of, key = chosen.split("=", 2)
        screen.places.jump(of, key)
    else:
        await screen.do(actions.BY_ID[chosen], targets)


async def theme(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Choose a theme while seeing it; esc brings the old one back, enter keeps the new one for next time."""
    app = screen.app
    before = app.theme
    entries = [Entry(name, name) for name in screen.themes]

    def preview(name: str) -> None:
        app.theme = name

    chosen = await app.push_screen_wait(
        Picker("Theme", entries, screen.glyphs, current=before, on_move=preview)
    )
    app.theme = chosen or before
    if chosen is not None:
        try:
            config.save(config.directory() / "config.toml", {"theme": chosen})
        except OSError as error:
            screen.complain(f"theme not saved: {error}")


def zoom(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.places.toggle_zoom()


def logs(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Watch the log of one; of several marked ones together in the split area."""
    if len(targets) > 1:
        screen.run(partial(open.split_log, screen, targets))
        return
    screen.show_target(targets[0])
    screen.detail.choose("logs")
    screen.places.go("detail")


def inspect(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.show_target(targets[0])
    screen.detail.choose("instruction" if targets[0].kind == "layer" else "inspect")
    screen.places.go("detail")


def copier(what: str) -> Command:
    """Copy a part of each target to the clipboard, over OSC 52 so that it crosses ssh."""

    async def command(screen: MainScreen, targets: Sequence[Target]) -> None:
        parts = [await _part(screen, what, target) for target in targets]
        text = "\n".join(part for part in parts if part)
        if not text:
            screen.complain(f"{targets[0].name} has no {what}")
            return
        screen.app.copy_to_clipboard(text)
        screen.say(f"copied {text if len(text) < 40 else what}")

    return command


async def _part(screen: MainScreen, what: str, target: Target) -> str:
    if what in ("id", "name"):
        return target.id if what == "id" else target.name
    if what == "instruction":
        return layers.instruction(target.record)  # type: ignore[arg-type]  # only layers have the action
    record = await screen.need_client().containers.inspect(target.id)
    if what == "image":
        return record.config.image
    if what == "address":
        endpoints = (record.network_settings.networks or {}).values()
        return " ".join(e.ip_address for e in endpoints if e.ip_address)
    return forms.run_line(record)


def _open_copy(screen: MainScreen, targets: Sequence[Target]) -> Awaitable[None] | None:
    return copier("id")(screen, targets)


async def close_pane(screen: MainScreen, targets: Sequence[Target]) -> None:
    if screen.split.has_focus_within:
        await screen.split.close()


def choose(screen: MainScreen, targets: Sequence[Target]) -> None:
    screen.places.go("detail")


_PANES = ("containers", "images", "layers", "networks", "detail", "split", "events")

COMMANDS: dict[str, Command] = {
    **{movement: move(movement) for movement in MOVEMENTS},
    **{f"pane.{name}": pane(name) for name in _PANES},
    "pane.next": lambda screen, targets: screen.places.cycle(1),
    "pane.previous": lambda screen, targets: screen.places.cycle(-1),
    "detail.next": step_tab(1),
    "detail.previous": step_tab(-1),
    "split.close": close_pane,
    "screen.zoom": zoom,
    "screen.filter": filter_list,
    "screen.palette": palette,
    "screen.help": help_screen,
    "screen.theme": theme,
    "screen.reload": reload,
    "screen.repeat": repeat,
    "screen.back": back,
    "screen.quit": quit_or_back,
    "app.quit": leave,
    "list.choose": choose,
    "list.sort": sort_menu,
    "list.reverse": reverse,
    "list.stopped": stopped,
    "container.logs": logs,
    "container.stats": tab("stats"),
    "container.inspect": inspect,
    "image.inspect": inspect,
    "layer.inspect": inspect,
    "network.inspect": inspect,
    "container.split": open.split_log,
    "container.merge": open.merge_logs,
    "container.shell": lambda screen, targets: shells.shell(screen, targets[0]),
    "container.attach": shells.attach,
    "container.command": answers.ask,
    "screen.shells": shells.left,
    "screen.find": finding.find,
    "container.shell-as": forms.shell_as,
    "container.rename": forms.rename,
    **{f"container.copy.{what}": copier(what) for what in ("id", "name", "image", "address", "run")},
    **{f"image.copy.{what}": copier(what) for what in ("id", "name")},
    "network.copy": _open_copy,
    "layer.copy": copier("instruction"),
    "image.run": forms.run,
    "image.tag": forms.tag,
    "image.load": forms.load,
    "image.save": forms.save,
}
