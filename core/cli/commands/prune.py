"""`prune`, of each kind of object and of all at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ...client import Client
from ...filters import Filters
from ...units import human_size
from .. import render, terminal
from ..command import Cli, Command
from ..flags import Flag, Options

_FILTER = Flag("filter", 'Provide filter values (e.g. "until=<timestamp>")', "filter")
_FORCE = Flag("force", "Do not prompt for confirmation", short="f")


class _Pruned:
    """What was removed: a title with its lines, and the bytes won."""

    def __init__(self, title: str, lines: list[str], reclaimed: int | None) -> None:
        self.title = title
        self.lines = lines
        self.reclaimed = reclaimed

    def show(self) -> None:
        if self.lines:
            render.line(self.title)
            for text in self.lines:
                render.line(text)
            render.line("")


Prune = Callable[[Client, Filters], Awaitable[_Pruned]]


async def _containers(client: Client, filters: Filters) -> _Pruned:
    answer = await client.containers.prune(filters)
    return _Pruned("Deleted Containers:", answer.containers_deleted or [], answer.space_reclaimed)


async def _images(client: Client, filters: Filters) -> _Pruned:
    answer = await client.images.prune(filters)
    lines = [
        f"untagged: {item.untagged}" if item.untagged else f"deleted: {item.deleted}"
        for item in answer.images_deleted or ()
    ]
    return _Pruned("Deleted Images:", lines, answer.space_reclaimed)


async def _networks(client: Client, filters: Filters) -> _Pruned:
    return _Pruned("Deleted Networks:", (await client.networks.prune(filters)).networks_deleted or [], None)


async def _volumes(client: Client, filters: Filters) -> _Pruned:
    answer = await client.volumes.prune(filters)
    return _Pruned("Deleted Volumes:", answer.volumes_deleted or [], answer.space_reclaimed)


def _confirmed(options: Options, warning: str) -> bool:
    """Ask on the terminal; without one the answer is no."""
    if options.flag("force"):
        return True
    render.write(f"{warning}\nAre you sure you want to continue? [y/N] ")
    render.flush()
    if not terminal.is_terminal(terminal.STDIN):
        render.line("")
        return False
    return input().strip().lower() in ("y", "yes")


async def _prune(cli: Cli, options: Options, warning: str, prune: Prune, **extra: str) -> None:
    filters = Filters.from_pairs(
        [*options.items("filter"), *(f"{name}={value}" for name, value in extra.items())]
    )
    if not _confirmed(options, f"WARNING! {warning}"):
        return
    async with cli.connect() as client:
        pruned = await prune(client, filters)
    pruned.show()
    if pruned.reclaimed is not None:
        render.line(f"Total reclaimed space: {human_size(pruned.reclaimed)}")


async def _prune_containers(cli: Cli, options: Options, arguments: list[str]) -> None:
    await _prune(cli, options, "This will remove all stopped containers.", _containers)


async def _prune_images(cli: Cli, options: Options, arguments: list[str]) -> None:
    if options.flag("all"):
        warning = "This will remove all images without at least one container associated to them."
        await _prune(cli, options, warning, _images, dangling="false")
    else:
        await _prune(cli, options, "This will remove all dangling images.", _images, dangling="true")


async def _prune_networks(cli: Cli, options: Options, arguments: list[str]) -> None:
    warning = "This will remove all custom networks not used by at least one container."
    await _prune(cli, options, warning, _networks)


async def _prune_volumes(cli: Cli, options: Options, arguments: list[str]) -> None:
    if options.flag("all"):
        warning = "This will remove all local volumes not used by at least one container."
        await _prune(cli, options, warning, _volumes, all="true")
    else:
        warning = "This will remove anonymous local volumes not used by at least one container."
        await _prune(cli, options, warning, _volumes)


async def _prune_system(cli: Cli, options: Options, arguments: list[str]) -> None:
    images = "true" if not options.flag("all") else "false"
    removed = ["all stopped containers", "all networks not used by at least one container"]
    if options.flag("volumes"):
        removed.append("all anonymous volumes not used by at least one container")
    removed.append("all dangling images" if images == "true" else "all images without at least one container")
    warning = "WARNING! This will remove:\n" + "".join(f"  - {text}\n" for text in removed)
    if not _confirmed(options, warning):
        return
    given = options.items("filter")
    steps: list[tuple[Prune, list[str]]] = [(_containers, given), (_networks, given)]
    if options.flag("volumes"):
        steps.append((_volumes, [text for text in given if not text.startswith("until=")]))
    steps.append((_images, [*given, f"dangling={images}"]))
    total = 0
    async with cli.connect() as client:
        for prune, filters in steps:
            pruned = await prune(client, Filters.from_pairs(filters))
            pruned.show()
            total += pruned.reclaimed or 0
    render.line(f"Total reclaimed space: {human_size(total)}")


CONTAINERS = Command(
    "container prune", "", "Remove all stopped containers", _prune_containers, (_FILTER, _FORCE), most=0
)
IMAGES = Command(
    "image prune",
    "",
    "Remove unused images",
    _prune_images,
    (Flag("all", "Remove all unused images, not just dangling ones", short="a"), _FILTER, _FORCE),
    most=0,
)
NETWORKS = Command(
    "network prune", "", "Remove all unused networks", _prune_networks, (_FILTER, _FORCE), most=0
)
VOLUMES = Command(
    "volume prune",
    "",
    "Remove unused local volumes",
    _prune_volumes,
    (Flag("all", "Remove all unused volumes, not just anonymous ones", short="a"), _FILTER, _FORCE),
    most=0,
)
SYSTEM = Command(
    "system prune",
    "",
    "Remove unused data",
    _prune_system,
    (
        Flag("all", "Remove all unused images not just dangling ones", short="a"),
        _FILTER,
        _FORCE,
        Flag("volumes", "Prune anonymous volumes"),
    ),
    most=0,
)
