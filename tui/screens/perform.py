"""Actions that ask the engine: confirm as the action's policy says, run, say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydock.core.errors import NotModified, PydockError

from .. import actions
from ..acts.action import Action, Target
from ..dialogs.confirm import Confirm
from ..dialogs.picker import Entry, Picker

if TYPE_CHECKING:
    from pydock.core.client import Client

    from .main import MainScreen

# A bulk action on hundreds of marks must not be hundreds of requests at once.
AT_ONCE = 8
_DOING = {"stop": "stopping", "start": "starting", "restart": "restarting", "pause": "pausing"}


async def perform(screen: MainScreen, action: Action, targets: Sequence[Target]) -> None:
    """Do an engine's action to those targets that it can be done to; runs in a worker of the screen."""
    willing = action.willing(targets)
    if not await _confirmed(screen, action, willing):
        return
    screen.typing.let_go()
    client = screen.client
    if client is None:
        screen.complain(screen.no_client)
        return
    ids = [target.id for target in willing]
    done = actions.past(action, willing)
    screen.lists.set_busy(ids, _DOING.get(actions.label(action, willing), ""))
    try:
        failures = await _run_all(client, action, willing)
    finally:
        screen.lists.set_busy(ids, "")
    for failure in failures[:3]:
        screen.complain(failure)
    if len(failures) > 3:
        screen.complain(f"{len(failures) - 3} more failed")
    well = len(willing) - len(failures)
    if well:
        screen.say(f"{done} {willing[0].name if len(willing) == 1 else well}")


async def _confirmed(screen: MainScreen, action: Action, targets: Sequence[Target]) -> bool:
    ask = action.confirm == "always" or (action.confirm == "many" and len(targets) > 1)
    if action.id == "container.pause" and screen.settings.confirm_pause:
        ask = True
    if not ask:
        return True
    names = [target.name for target in targets[:8]]
    if len(targets) > 8:
        names.append(f"and {len(targets) - 8} more")
    label = actions.label(action, targets)
    what = targets[0].name if len(targets) == 1 else f"{len(targets)} {targets[0].kind}s"
    question = Confirm(f"{label} {what}?", names, action.command(targets))
    sure: bool = await screen.app.push_screen_wait(question)
    return sure


async def _run_all(client: Client, action: Action, targets: Sequence[Target]) -> list[str]:
    """Run for each target; returns one line for each that failed."""
    assert action.run is not None
    run, room = action.run, asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> str:
        async with room:
            try:
                await run(client, target)
            except NotModified:
                return ""
            except PydockError as error:
                return (
                    f"{target.name}: {error.message}" if target.name not in error.message else error.message
                )
        return ""

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(target), name=f"{action.id} {target.name}") for target in targets]
    return [said for task in tasks if (said := task.result())]


async def open_menu(screen: MainScreen, action: Action, targets: Sequence[Target]) -> None:
    """Let the user choose one of the actions under an action; its first key never does anything yet."""
    entries = []
    for id in action.menu:
        choice = actions.BY_ID[id]
        refusal = choice.refusal(targets)
        entries.append(
            Entry(choice.id, choice.label, choice.help, refusal=refusal, command=choice.command(targets))
        )
    what = targets[0].name if len(targets) == 1 else f"{len(targets)} {targets[0].kind}s"
    # The cursor starts on the mildest entry, also where that is refused: enter must not force anything.
    chosen = await screen.app.push_screen_wait(Picker(f"{action.label} {what}", entries, screen.glyphs))
    if chosen is not None:
        await screen.do(actions.BY_ID[chosen], targets)
