"""Rows of the image list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import age, clean, size
from .cells import Cell, Column, Row

if TYPE_CHECKING:
    from pydock.core.schema.images import ImageSummary

COLUMNS = (
    Column("name", "IMAGE", 12, flex=1),
    Column("size", "SIZE", 5, right=True, needs=28, descending=True),
    Column("created", "AGE", 5, right=True, needs=36),
    Column("used", "USED", 4, right=True, needs=44, descending=True),
    Column("id", "ID", 12, needs=62),
)


def short_id(image_id: str) -> str:
    """The first twelve digits of an image's digest."""
    return image_id.removeprefix("sha256:")[:12]


def name_of(record: ImageSummary) -> str:
    """The image's first tag, its repository when it lost its tag, or its short id."""
    tags = [tag for tag in record.repo_tags or () if tag != "<none>:<none>"]
    if tags:
        return clean(tags[0])
    digests = [digest for digest in record.repo_digests or () if not digest.startswith("<none>")]
    return clean(digests[0].partition("@")[0] + ":<none>") if digests else short_id(record.id)


def row(record: ImageSummary, used: int, now: float) -> Row:
    """One image as a row; `used` counts its containers, `now` is in Unix seconds."""
    name = name_of(record)
    more = len(record.repo_tags or ()) - 1
    label = f"{name} +{more}" if more > 0 else name
    untagged = not record.repo_tags or record.repo_tags == ["<none>:<none>"]
    created = float(record.created or 0)
    return Row(
        key=record.id,
        cells=(
            Cell(label, "dim" if untagged else "text"),
            Cell(size(record.size, 1000), "text"),
            Cell(age(now - created) if created > 0 else "-", "dim"),
            Cell(str(used) if used else "-", "running" if used else "dim"),
            Cell(short_id(record.id), "dim"),
        ),
        sort=(name.lower(), float(record.size or 0), -created, float(used), record.id),
        search=f"{' '.join(record.repo_tags or ())} {record.id} {name}".lower(),
    )
