"""Rows of `docker images`: filters and sizes, from records alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..errors import Invalid
from ..filters import Filters
from ..reference import Reference
from ..schema.images import ImageSummary
from ..units import SECOND, parse_timestamp
from .records import ImageRecord, familiar_digests, familiar_tags

FILTERS = frozenset({"dangling", "label", "label!", "before", "since", "until", "reference"})
PRUNE_FILTERS = frozenset({"dangling", "label", "label!", "until"})


def summaries(
    images: Sequence[ImageRecord],
    names: Mapping[str, Sequence[Reference]],
    filters: Filters,
    created_of: Callable[[str], int],
    shared_size: bool,
) -> list[ImageSummary]:
    """Return the rows of the images that pass, newest first.

    `created_of` gives the creation time of the image that a `before` or `since` filter names.
    """
    wanted = _chosen(images, names, filters, created_of)
    users = _layer_users(images) if shared_size else {}
    rows = []
    for image in sorted(wanted, key=lambda i: (-i.created, i.id)):
        own = list(names.get(image.id, ()))
        patterns = filters.get("reference")
        if patterns:
            own = [name for name in own if any(matches_pattern(pattern, name) for pattern in patterns)]
            if not own:
                continue
        rows.append(_row(image, own, users if shared_size else None))
    return rows


def _chosen(
    images: Iterable[ImageRecord],
    names: Mapping[str, Sequence[Reference]],
    filters: Filters,
    created_of: Callable[[str], int],
) -> list[ImageRecord]:
    before = min((created_of(name) for name in filters.get("before")), default=None)
    since = max((created_of(name) for name in filters.get("since")), default=None)
    until = min((parse_timestamp(text) for text in filters.get("until")), default=None)
    dangling = filters.flag("dangling") if filters.get("dangling") else None
    return [
        image
        for image in images
        if (before is None or image.created < before)
        and (since is None or image.created > since)
        and (until is None or image.created < until)
        and (dangling is None or dangling == (not names.get(image.id)))
        and has_labels(image, filters)
    ]


def has_labels(image: ImageRecord, filters: Filters) -> bool:
    unwanted = Filters({"label": filters.get("label!")})
    if unwanted.get("label") and unwanted.matches_labels(image.labels):
        return False
    return filters.matches_labels(image.labels)


def matches_pattern(pattern: str, name: Reference) -> bool:
    """Match a name as Docker does: with its tag or without, `*` within one part of the path."""
    try:
        expression = re.compile(_translate(pattern))
    except re.error:
        raise Invalid(f"invalid reference filter: {pattern}") from None
    return bool(expression.fullmatch(name.familiar) or expression.fullmatch(name.familiar_name))


def _translate(pattern: str) -> str:
    """Turn Go's path.Match pattern into a regular expression."""
    result, position = "", 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            result += "[^/]*"
        elif character == "?":
            result += "[^/]"
        elif character == "[" and (end := pattern.find("]", position + 1)) > 0:
            result += "[" + pattern[position:end].replace("\\", "\\\\") + "]"
            position = end + 1
        elif character == "[":
            raise Invalid(f"invalid reference filter: {pattern}")
        else:
            result += re.escape(character)
    return result


def _layer_users(images: Iterable[ImageRecord]) -> dict[str, int]:
    users: dict[str, int] = {}
    for image in images:
        for chain in {layer.chain_id for layer in image.layers}:
            users[chain] = users.get(chain, 0) + 1
    return users


def _row(image: ImageRecord, names: Sequence[Reference], users: Mapping[str, int] | None) -> ImageSummary:
    shared = -1
    if users is not None:
        shared = sum(layer.size for layer in image.layers if users[layer.chain_id] > 1)
    return ImageSummary(
        id=image.id,
        parent_id=image.parent,
        repo_tags=familiar_tags(names),
        repo_digests=familiar_digests(names),
        created=image.created // SECOND,
        size=image.size,
        shared_size=shared,
        labels=image.labels or None,
    )
