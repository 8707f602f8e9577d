"""Search across the logs of all containers: a pane of what is found, and from a line to where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydock.core import units
from pydock.core.errors import Invalid

from ..acts.action import Target
from ..dialogs.form import Field, Form, Values
from ..logs.filter import EVERYTHING, parse
from ..logs.grep import Grep
from ..sources import ContainerLog
from ..widgets.logpane import LogPane
from . import open

if TYPE_CHECKING:
    from .main import MainScreen


async def find(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Ask what to look for; the marked containers are searched, or with no marks all."""
    marked = screen.panes["container"].table.marks
    values = await screen.app.push_screen_wait(
        Form(
            f"Find in the logs of {f'{len(marked)} marked' if marked else 'all'} containers",
            (
                Field("query", "find", "", "text, /regex/, !without"),
                Field("since", "since", "24h", "10m, 2026-11-25, empty: all there is"),
                Field("stopped", "stopped", False, "also those that do not run"),
            ),
            verb="find",
            check=_refusal,
        )
    )
    if values is None:
        return
    sources = _logs(screen, bool(values["stopped"]))
    if not sources:
        screen.complain("no container runs", severity="warning")
        return
    query = parse(str(values["query"]))
    begin = units.parse_timestamp(str(values["since"])) if values["since"] else 0
    pane = LogPane(*(Grep(source, query, begin) for source in sources), name=f"find {values['query']}")
    pane.model.set_search(query)
    first = screen.lists.target("container", sources[0].id)
    if first is not None and await open.add(screen, pane, first):
        screen.places.go_to_pane(pane)


def _logs(screen: MainScreen, stopped: bool) -> list[ContainerLog]:
    table = screen.panes["container"].table
    keys = [key for key in table.rows if not table.marks or key in table.marks]
    found = [screen.lists.target("container", key) for key in keys]
    wanted = [each for each in found if each is not None and (stopped or each.state == "running")]
    return [open.log_source(screen, target, number) for number, target in enumerate(wanted)]


def _refusal(values: Values) -> str:
    try:
        if not parse(str(values["query"])):
            return "find what?"
        if values["since"]:
            units.parse_timestamp(str(values["since"]))
    except Invalid as error:
        return error.message
    return ""


async def jump(screen: MainScreen, chosen: LogPane.LineChosen) -> None:
    """Show the line of a find in its container's own log, in a pane that has it or in a new one."""
    source = chosen.source
    assert isinstance(source, ContainerLog)
    pane = next(
        (each for each in screen.pinned if isinstance(each, LogPane) and _is_log_of(each, source.id)), None
    )
    if pane is None:
        target = screen.lists.target("container", source.id)
        pane = LogPane(source)
        if target is None or not await open.add(screen, pane, target):
            return
    query = chosen.pane.model.search.query if chosen.pane.model.search is not None else EVERYTHING
    pane.go_to(chosen.at, chosen.text, query)
    screen.places.go_to_pane(pane)


def _is_log_of(pane: LogPane, id: str) -> bool:
    return len(pane.sources) == 1 and getattr(pane.sources[0], "id", "") == id
