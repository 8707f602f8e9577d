"""Shells into panes: a new one, one that was left, the list of all that go on without a pane."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..acts.action import Target
from ..dialogs.picker import Entry, Picker
from ..sources import find_shell, open_attach, open_shell
from ..terminal.session import ShellSession
from ..text import age
from ..widgets.shellpane import ShellPane
from . import open

if TYPE_CHECKING:
    from .main import MainScreen

_NEW = "new"


async def shell(screen: MainScreen, target: Target) -> None:
    """Open a shell and type into it, or come back to one that was left; raises PydockError without any."""
    left = screen.sessions.detached(target.id)
    if not left:
        await start(screen, target)
        return
    entries = [_entry(screen, session, f"shell {number}") for number, session in enumerate(left, 1)]
    entries.append(Entry(_NEW, "a new shell", ", ".join(screen.settings.shells)))
    chosen = await screen.app.push_screen_wait(Picker(f"Shell in {target.name}", entries, screen.glyphs))
    if chosen == _NEW:
        await start(screen, target)
    elif (session := _find(screen, chosen)) is not None:
        await show(screen, target, session)


async def left(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Choose among all shells that go on without a pane."""
    entries = [
        _entry(screen, session, session.name)
        for id, session in screen.sessions
        if session in screen.sessions.detached(id)
    ]
    if not entries:
        screen.say("no shell was left: e opens one")
        return
    chosen = await screen.app.push_screen_wait(Picker("Shells that go on", entries, screen.glyphs))
    if (session := _find(screen, chosen)) is not None:
        id = next(id for id, each in screen.sessions if each is session)
        target = screen.lists.target("container", id)
        if target is not None:
            await show(screen, target, session)


async def start(
    screen: MainScreen, target: Target, command: Sequence[str] = (), *, user: str = "", directory: str = ""
) -> None:
    """Start a shell, or another program, in the split area; raises PydockError."""
    session = await open_shell(
        screen.need_client(),
        target.id,
        target.name,
        command or find_shell(screen.settings.shells),
        user=user,
        directory=directory,
        size=open.guess_size(screen),
    )
    await show(screen, target, session)


async def attach(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Connect to the first process in the split area."""
    target = targets[0]
    session = await open_attach(screen.need_client(), target.id, target.name, open.guess_size(screen))
    await show(screen, target, session)


async def show(screen: MainScreen, target: Target, session: ShellSession) -> None:
    """Show a session in a pane and type into it; one that finds no room and is new ends."""
    pane = ShellPane(session)
    if await open.add(screen, pane, target):
        if session not in screen.sessions.of(target.id):
            screen.sessions.add(target.id, session)
        screen.sessions.show(session, True)
        screen.places.go_to_pane(pane)
    elif session not in screen.sessions.of(target.id):
        await session.close()


def leave(screen: MainScreen, pane: ShellPane, target: Target) -> None:
    """A pane went: its shell goes on without it, unless it has ended."""
    if pane.session.ended:
        screen.run(lambda: screen.sessions.close(pane.session))
    else:
        screen.sessions.show(pane.session, False)
        key = screen.keymap.first("container.shell")
        screen.say(f"the shell in {target.name} goes on: {key} comes back")


def running(screen: MainScreen) -> int:
    """How many shells would end with the app."""
    return sum(not session.ended for _, session in screen.sessions)


def _entry(screen: MainScreen, session: ShellSession, label: str) -> Entry:
    since = age(time.time() - session.began)
    what = session.backend.title() or session.last_line()
    return Entry(str(id(session)), label, f"{since} {screen.glyphs.dot} {what}")


def _find(screen: MainScreen, chosen: str | None) -> ShellSession | None:
    return next((session for _, session in screen.sessions if str(id(session)) == chosen), None)
