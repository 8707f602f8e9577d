"""`images`, `history`, `tag` and `rmi`."""

from __future__ import annotations

import time

from ...errors import NotFound
from ...filters import Filters
from ...reference import Reference
from ...schema.images import HistoryEntry, ImageSummary
from ...units import human_size
from .. import render
from ..command import Cli, Command
from ..execute import Each
from ..flags import Flag, Options
from ..render import Row, ellipsis, safe
from ..rows import ago, local_time, short
from .ps import FILTER, FORMAT, NO_TRUNC

_NONE = "<none>"
_CREATED_BY_WIDTH = 45
_TITLES = {
    "ID": "IMAGE ID",
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "Size": "SIZE",
    "Containers": "CONTAINERS",
    "VirtualSize": "VIRTUAL SIZE",
    "SharedSize": "SHARED SIZE",
    "UniqueSize": "UNIQUE SIZE",
}
_HISTORY_TITLES = {
    "ID": "IMAGE",
    "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT",
    "CreatedBy": "CREATED BY",
    "Size": "SIZE",
    "Comment": "COMMENT",
}


async def _images(cli: Cli, options: Options, arguments: list[str]) -> None:
    filters = Filters.from_pairs(options.items("filter"))
    if arguments:
        wanted = (*filters.get("reference"), arguments[0])
        filters = Filters({**filters.values, "reference": wanted})
    async with cli.connect() as client:
        found = await client.images.list(all=options.flag("all"), filters=filters)
    trunc = not options.flag("no-trunc")
    if options.flag("quiet"):
        for image in found:
            render.line(short(image.id) if trunc else image.id)
        return
    digests = options.flag("digests")
    columns = ["Repository", "Tag", *(["Digest"] if digests else []), "ID", "CreatedSince", "Size"]
    now = time.time()
    rows = [row for image in found for row in image_rows(image, now, trunc, digests)]
    render.rows(rows, _TITLES, columns, options.text("format"))


def image_rows(image: ImageSummary, now: float, trunc: bool, digests: bool) -> list[Row]:
    """Return a row for each name of an image (and each digest, when wished)."""
    names: list[tuple[str, str, str]] = []
    by_repository = {name: digest for name, _, digest in (d.partition("@") for d in image.repo_digests or ())}
    for text in image.repo_tags or ():
        name, _, tag = text.rpartition(":")
        if text != "<none>:<none>":
            names.append((name, tag, by_repository.get(name, _NONE)))
    tagged = {name for name, _, _ in names}
    for name, digest in by_repository.items():
        if name not in tagged and name != _NONE and digests:
            names.append((name, _NONE, digest))
    if not names:
        name, digest = next(iter(by_repository.items()), (_NONE, _NONE))
        names.append((name, _NONE, digest))
    return [_image_row(image, name, now, trunc) for name in names]


def _image_row(image: ImageSummary, name: tuple[str, str, str], now: float, trunc: bool) -> Row:
    repository, tag, digest = name
    unique = image.size - image.shared_size if image.shared_size >= 0 else -1
    return {
        "ID": short(image.id) if trunc else image.id,
        "Repository": repository,
        "Tag": tag,
        "Digest": digest,
        "CreatedSince": ago(image.created, now),
        "CreatedAt": local_time(image.created),
        "Size": human_size(image.size),
        "Containers": _known(image.containers),
        "VirtualSize": human_size(image.size),
        "SharedSize": _known(image.shared_size, human_size),
        "UniqueSize": _known(unique, human_size),
    }


def _known(value: int, shown: object = str) -> str:
    assert callable(shown)
    return "N/A" if value < 0 else str(shown(value))


async def _history(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        found = await client.images.history(arguments[0])
    trunc, human = not options.flag("no-trunc"), options.flag("human", True)
    if options.flag("quiet"):
        for entry in found:
            render.line(short(entry.id) if trunc else entry.id)
        return
    columns = ["ID", "CreatedSince" if human else "CreatedAt", "CreatedBy", "Size", "Comment"]
    now = time.time()
    rows = [_history_row(entry, now, trunc, human) for entry in found]
    render.rows(rows, _HISTORY_TITLES, columns, options.text("format"))


def _history_row(entry: HistoryEntry, now: float, trunc: bool, human: bool) -> Row:
    by = safe(entry.created_by.replace("\t", " "))
    known = entry.created > -62135596800
    return {
        "ID": short(entry.id) if trunc and entry.id.startswith("sha256:") else entry.id,
        "CreatedSince": (ago(entry.created, now) if human else local_time(entry.created)) if known else "N/A",
        "CreatedAt": local_time(entry.created) if known else "N/A",
        "CreatedBy": ellipsis(by, _CREATED_BY_WIDTH) if trunc else by,
        "Size": human_size(entry.size) if human else str(entry.size),
        "Comment": safe(entry.comment),
    }


async def _tag(cli: Cli, options: Options, arguments: list[str]) -> None:
    source, target = arguments
    reference = Reference.parse(target)
    async with cli.connect() as client:
        await client.images.tag(source, reference.familiar_name, reference.tag)


async def _remove(cli: Cli, options: Options, arguments: list[str]) -> int:
    force, each = options.flag("force"), Each()
    async with cli.connect() as client:
        for name in arguments:
            with each.of(name):
                try:
                    removed = await client.images.remove(name, force, not options.flag("no-prune"))
                except NotFound:
                    if not force:
                        raise
                    continue
                for item in removed:
                    render.line(f"Deleted: {item.deleted}" if item.deleted else f"Untagged: {item.untagged}")
    return each.status


IMAGES = Command(
    "images",
    "[REPOSITORY[:TAG]]",
    "List images",
    _images,
    (
        Flag("all", "Show all images (default hides intermediate images)", short="a"),
        Flag("digests", "Show digests"),
        FILTER,
        FORMAT,
        NO_TRUNC,
        Flag("quiet", "Only show image IDs", short="q"),
    ),
    most=1,
)
HISTORY = Command(
    "history",
    "IMAGE",
    "Show the history of an image",
    _history,
    (
        FORMAT,
        Flag("human", "Print sizes and dates in human readable format", short="H", default="true"),
        NO_TRUNC,
        Flag("quiet", "Only show image IDs", short="q"),
    ),
    least=1,
    most=1,
)
TAG = Command(
    "tag",
    "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
    "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    _tag,
    least=2,
    most=2,
)
REMOVE = Command(
    "rmi",
    "IMAGE [IMAGE...]",
    "Remove one or more images",
    _remove,
    (
        Flag("force", "Force removal of the image", short="f"),
        Flag("no-prune", "Do not delete untagged parents"),
    ),
    least=1,
)
