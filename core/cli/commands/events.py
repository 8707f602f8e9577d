"""`events`."""

from __future__ import annotations

import contextlib

from ...filters import Filters
from ...schema.events import Event
from ...units import SECOND
from .. import render
from ..command import Cli, Command
from ..flags import Flag, Options
from .ps import FILTER, FORMAT
from .stream import moment


async def _events(cli: Cli, options: Options, arguments: list[str]) -> None:
    format = options.text("format")
    show = render.template(format) if format else _plain
    async with cli.connect() as client:
        found = client.system.events(
            moment(options.text("since")),
            moment(options.text("until")),
            Filters.from_pairs(options.items("filter")),
        )
        async with contextlib.aclosing(found):
            async for event in found:
                render.line(show(event))
                render.flush()


def _plain(event: object) -> str:
    assert isinstance(event, Event)
    attributes = ", ".join(f"{key}={value}" for key, value in sorted(event.actor.attributes.items()))
    text = f"{_local_time(event)} {event.type} {event.action} {event.actor.id}"
    return render.safe(f"{text} ({attributes})" if attributes else text)


def _local_time(event: Event) -> str:
    """Print the time as docker does: all nine digits, and this machine's zone."""
    from datetime import datetime

    nanoseconds = event.time_nano or event.time * SECOND
    moment = datetime.fromtimestamp(nanoseconds // SECOND).astimezone()
    zone = moment.strftime("%z")
    shown = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds % SECOND:09d}{shown}"


EVENTS = Command(
    "events",
    "",
    "Get real time events from the server",
    _events,
    (
        FILTER,
        FORMAT,
        Flag("since", "Show all events created since timestamp", "string"),
        Flag("until", "Stream events until this timestamp", "string"),
    ),
    most=0,
)
