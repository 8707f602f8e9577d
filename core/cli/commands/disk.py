"""`system df`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...schema.system import DiskUsage
from ...units import human_size
from .. import render
from ..command import Cli, Command
from ..flags import Flag, Options
from ..render import Row
from ..rows import CONTAINER_TITLES, container
from .images import image_rows
from .ps import FORMAT
from .volumes import volume_row

_TITLES = {
    "Type": "TYPE",
    "TotalCount": "TOTAL",
    "Active": "ACTIVE",
    "Size": "SIZE",
    "Reclaimable": "RECLAIMABLE",
}
_RUNNING = ("running", "paused", "restarting")


async def _df(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        usage = await client.system.df()
    if options.flag("verbose"):
        _show_verbose(usage)
        return
    rows = [_images(usage), _containers(usage), _volumes(usage), _build_cache(usage)]
    render.rows(rows, _TITLES, list(_TITLES), options.text("format"))


def _row(kind: str, total: int, active: int, size: int, free: int) -> Row:
    share = f" ({100 * free // size}%)" if size > 0 else ""
    return {
        "Type": kind,
        "TotalCount": str(total),
        "Active": str(active),
        "Size": human_size(size),
        "Reclaimable": human_size(free) + share,
    }


def _images(usage: DiskUsage) -> Row:
    images = usage.images or []
    used = [image for image in images if image.containers > 0]
    needed = sum(image.size - max(image.shared_size, 0) for image in used)
    free = max(usage.layers_size - needed, 0) if used else usage.layers_size
    return _row("Images", len(images), len(used), usage.layers_size, free)


def _containers(usage: DiskUsage) -> Row:
    containers = usage.containers or []
    active = [one for one in containers if one.state in _RUNNING]
    size = sum(one.size_rw for one in containers)
    return _row("Containers", len(containers), len(active), size, size - sum(one.size_rw for one in active))


def _volumes(usage: DiskUsage) -> Row:
    known = [
        (one.usage_data.ref_count, max(one.usage_data.size, 0))
        for one in usage.volumes or ()
        if one.usage_data
    ]
    size, free = sum(size for _, size in known), sum(size for users, size in known if not users)
    return _row("Local Volumes", len(usage.volumes or ()), sum(users > 0 for users, _ in known), size, free)


def _build_cache(usage: DiskUsage) -> Row:
    records = usage.build_cache or []
    size = sum(record.size for record in records if not record.shared)
    free = sum(record.size for record in records if not record.in_use and not record.shared)
    return _row("Build Cache", len(records), sum(record.in_use for record in records), size, free)


def _show_verbose(usage: DiskUsage) -> None:
    now = time.time()
    images = [row for one in usage.images or () for row in image_rows(one, now, True, False)]
    _section(
        "Images space usage:",
        {
            "Repository": "REPOSITORY",
            "Tag": "TAG",
            "ID": "IMAGE ID",
            "CreatedSince": "CREATED",
            "Size": "SIZE",
            "SharedSize": "SHARED SIZE",
            "UniqueSize": "UNIQUE SIZE",
            "Containers": "CONTAINERS",
        },
        images,
    )
    columns = ("ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names")
    _section(
        "Containers space usage:",
        {name: CONTAINER_TITLES[name] for name in columns},
        [{**container(one, now), "Size": human_size(one.size_rw)} for one in usage.containers or ()],
    )
    _section(
        "Local Volumes space usage:",
        {"Name": "VOLUME NAME", "Links": "LINKS", "Size": "SIZE"},
        [volume_row(one) for one in usage.volumes or ()],
    )
    _section(
        f"Build cache usage: {human_size(sum(record.size for record in usage.build_cache or ()))}",
        {
            "ID": "CACHE ID",
            "CacheType": "CACHE TYPE",
            "Size": "SIZE",
            "CreatedSince": "CREATED",
            "LastUsedSince": "LAST USED",
            "UsageCount": "USAGE",
            "Shared": "SHARED",
        },
        [],
    )


def _section(title: str, titles: dict[str, str], rows: Sequence[Row]) -> None:
    render.line(f"{title}\n")
    render.rows(rows, titles, list(titles), "")
    render.line("")


DF = Command(
    "system df",
    "",
    "Show disk usage",
    _df,
    (FORMAT, Flag("verbose", "Show detailed information on space usage", short="v")),
    most=0,
)
