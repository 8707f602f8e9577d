"""`volume create`, `ls` and `rm`."""

from __future__ import annotations

from ...filters import Filters
from ...schema.volumes import Volume, VolumeCreateRequest
from ...units import human_size
from .. import render
from ..command import Cli, Command
from ..execute import Each
from ..failure import Failure
from ..flags import Flag, Options
from ..options.environment import pairs
from ..render import Row, safe
from ..rows import labels
from .ps import FILTER, FORMAT

_TITLES = {
    "Driver": "DRIVER",
    "Name": "VOLUME NAME",
    "Scope": "SCOPE",
    "Mountpoint": "MOUNTPOINT",
    "Labels": "LABELS",
    "Links": "LINKS",
    "Size": "SIZE",
    "Availability": "AVAILABILITY",
    "Group": "GROUP",
    "Status": "STATUS",
}


async def _list(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        found = await client.volumes.list(Filters.from_pairs(options.items("filter")))
    found.sort(key=lambda volume: volume.name)
    if options.flag("quiet"):
        for volume in found:
            render.line(volume.name)
        return
    render.rows([volume_row(one) for one in found], _TITLES, ["Driver", "Name"], options.text("format"))


def volume_row(volume: Volume) -> Row:
    usage = volume.usage_data
    return {
        "Driver": volume.driver,
        "Name": volume.name,
        "Scope": volume.scope,
        "Mountpoint": volume.mountpoint,
        "Labels": safe(labels(volume.labels)),
        "Links": str(usage.ref_count) if usage else "N/A",
        "Size": human_size(usage.size) if usage and usage.size >= 0 else "N/A",
        "Availability": "N/A",
        "Group": "N/A",
        "Status": "N/A",
        "Label": lambda key: (volume.labels or {}).get(key, ""),
    }


async def _create(cli: Cli, options: Options, arguments: list[str]) -> None:
    name = options.text("name")
    if arguments:
        if name:
            raise Failure(
                "conflicting options: "
                "cannot specify a volume-name through both --name and as a positional arg"
            )
        name = arguments[0]
    request = VolumeCreateRequest(
        name=name,
        driver=options.text("driver", "local"),
        driver_opts=pairs(options.items("opt")),
        labels=pairs(options.items("label")),
    )
    async with cli.connect() as client:
        render.line((await client.volumes.create(request)).name)


async def _remove(cli: Cli, options: Options, arguments: list[str]) -> int:
    each = Each()
    async with cli.connect() as client:
        for name in arguments:
            with each.of(name):
                await client.volumes.remove(name, options.flag("force"))
                render.line(name)
    return each.status


LIST = Command(
    "volume ls",
    "",
    "List volumes",
    _list,
    (FILTER, FORMAT, Flag("quiet", "Only display volume names", short="q")),
    most=0,
)
CREATE = Command(
    "volume create",
    "[VOLUME]",
    "Create a volume",
    _create,
    (
        Flag("driver", "Specify volume driver name", "string", "d", '"local"'),
        Flag("label", "Set metadata for a volume", "list"),
        Flag("name", "Specify volume name", "string", hidden=True),
        Flag("opt", "Set driver specific options", "map", "o"),
    ),
    most=1,
)
REMOVE = Command(
    "volume rm",
    "VOLUME [VOLUME...]",
    "Remove one or more volumes",
    _remove,
    (Flag("force", "Force the removal of one or more volumes", short="f"),),
    least=1,
)
