"""`ps`."""

from __future__ import annotations

import time

from ...filters import Filters
from .. import render
from ..command import Cli, Command
from ..flags import Flag, Options

FORMAT = Flag(
    "format",
    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or 'TEMPLATE' (Go)",
    "string",
)
FILTER = Flag("filter", "Filter output based on conditions provided", "filter", "f")
NO_TRUNC = Flag("no-trunc", "Don't truncate output")


async def _ps(cli: Cli, options: Options, arguments: list[str]) -> None:
    last = 1 if options.flag("latest") else options.number("last")
    limited = last is not None and last > 0
    filters = Filters.from_pairs(options.items("filter"))
    async with cli.connect() as client:
        found = await client.containers.list(
            all=options.flag("all") or limited,
            filters=filters,
            limit=last if limited else None,
            size=options.flag("size") or ".Size" in options.text("format"),
        )
    trunc = not options.flag("no-trunc")
    if options.flag("quiet"):
        for container in found:
            render.line(container.id[:12] if trunc else container.id)
        return
    from ..rows import CONTAINER_TITLES
    from ..rows import container as row

    columns = ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"]
    if options.flag("size"):
        columns.append("Size")
    now = time.time()
    render.rows([row(one, now, trunc) for one in found], CONTAINER_TITLES, columns, options.text("format"))


PS = Command(
    "ps",
    "",
    "List containers",
    _ps,
    (
        Flag("all", "Show all containers (default shows just running)", short="a"),
        FILTER,
        FORMAT,
        Flag("last", "Show n last created containers (includes all states)", "int", "n", "-1"),
        Flag("latest", "Show the latest created container (includes all states)", short="l"),
        NO_TRUNC,
        Flag("quiet", "Only display container IDs", short="q"),
        Flag("size", "Display total file sizes", short="s"),
    ),
    most=0,
)
