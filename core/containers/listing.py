"""Which containers a list shows: Docker's filters, order and limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ..errors import Invalid, NotFound
from ..filters import Filters
from ..ids import short
from ..schema.containers import ContainerSummary
from ..units import now
from . import ports, show
from .context import Context
from .record import Container

_KNOWN = frozenset(
    {
        "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name",
        "network", "publish", "since", "status", "volume",
    }
)  # fmt: skip
_STATES = frozenset({"created", "running", "paused", "restarting", "removing", "exited", "dead"})
_HEALTHS = frozenset({"starting", "healthy", "unhealthy", "none"})


async def rows(
    ctx: Context, filters: Filters, *, everything: bool, limit: int | None, size: bool
) -> list[ContainerSummary]:
    """Return the containers that pass, the newest first. Without `everything` only living ones."""
    filters.require_known(_KNOWN)
    accept = await _acceptance(ctx, filters)
    # Asking for a state, or for a number of them, means all states.
    every = everything or bool(filters.get("status") or filters.get("exited") or limit)
    names = {image.id: image.repo_tags or [] for image in await ctx.images.list(Filters())}
    at = now()
    found: list[ContainerSummary] = []
    for container in sorted(ctx.book.all(), key=lambda c: c.created, reverse=True):
        if not (every or container.alive) or not accept(container):
            continue
        sizes = await sizes_of(ctx, container) if size else None
        found.append(show.summary(container, shown_image(container, names), at, sizes))
        if limit and limit > 0 and len(found) == limit:
            break
    return found


async def sizes_of(ctx: Context, container: Container) -> tuple[int, int]:
    """Return the bytes a container wrote, and those together with its image's."""
    written = await ctx.snapshots.usage(container.id)
    try:
        image = await ctx.images.get(container.image)
    except NotFound:
        return written, written
    return written, written + image.size


def shown_image(container: Container, names: Mapping[str, list[str]]) -> str:
    """Return the name a container was made from, or the id when that name is another image's by now."""
    current = names.get(container.image, [])
    name = container.image_name
    tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    if tagged in current or not container.image.startswith("sha256:"):
        return name
    if name.removeprefix("sha256:") and container.image.removeprefix("sha256:").startswith(
        name.removeprefix("sha256:")
    ):
        return name
    return short(container.image)


async def _acceptance(ctx: Context, filters: Filters) -> Callable[[Container], bool]:
    """Turn the filters into one question; raises Invalid, and NotFound for `before` and `since`."""
    _check_values(filters)
    before, since = _bound(ctx, filters, "before"), _bound(ctx, filters, "since")
    ancestors = await _ancestors(ctx, filters)
    exited = {_code(text) for text in filters.get("exited")}
    patterns = [_pattern(text) for text in filters.get("name")]
    networks = {_network_name(ctx, text) for text in filters.get("network")}

    def accept(c: Container) -> bool:
        return (
            _any(filters.get("id"), c.id.startswith)
            and (not patterns or any(p.search(c.name) or p.search(c.display_name) for p in patterns))
            and filters.matches_labels(c.config.labels or {})
            and _any(filters.get("status"), lambda text: text == c.status)
            and (not exited or (c.exit_code in exited and not c.alive and bool(c.started_at)))
            and (before is None or c.created < before)
            and (since is None or c.created > since)
            and (ancestors is None or c.image in ancestors or c.image_name in ancestors)
            and _any(filters.get("volume"), lambda text: _has_volume(c, text))
            and (not networks or any(_on_network(c, name) for name in networks))
            and _any(filters.get("publish"), lambda text: _has_port(_published(c), text))
            and _any(filters.get("expose"), lambda text: _has_port(c.config.exposed_ports or {}, text))
            and _any(filters.get("health"), lambda text: text == (c.health.status if c.health else "none"))
            and not filters.flag("is-task")
        )

    return accept


def _check_values(filters: Filters) -> None:
    for name, known in (("status", _STATES), ("health", _HEALTHS)):
        for value in filters.get(name):
            if value not in known:
                raise Invalid(f"invalid filter '{name}={value}'")


def _any(wanted: tuple[str, ...], test: Callable[[str], bool]) -> bool:
    return not wanted or any(test(text) for text in wanted)


def _bound(ctx: Context, filters: Filters, name: str) -> int | None:
    found = [ctx.book.find(reference).created for reference in filters.get(name)]
    return found[-1] if found else None


async def _ancestors(ctx: Context, filters: Filters) -> frozenset[str] | None:
    wanted = filters.get("ancestor")
    if not wanted:
        return None
    found: set[str] = set()
    for name in wanted:
        try:
            found.add((await ctx.images.get(name)).id)
        except NotFound:
            continue
    return frozenset(found)


def _code(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Invalid(f"invalid filter 'exited={text}'") from None


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise Invalid(f"invalid filter 'name={text}': {err}") from err


def _network_name(ctx: Context, text: str) -> str:
    try:
        return ctx.networks.get(text).name
    except NotFound:
        return text


def _on_network(container: Container, name: str) -> bool:
    return name in container.networks


def _has_volume(container: Container, text: str) -> bool:
    return any(text in (mount.name, mount.destination, mount.source) for mount in container.mounts)


def _published(container: Container) -> list[str]:
    """Name the published ports, on both of their sides."""
    sides = list(container.ports)
    for name, bindings in container.ports.items():
        protocol = ports.split(name)[1]
        sides += [f"{binding.host_port}/{protocol}" for binding in bindings or () if binding.host_port]
    return sides


def _has_port(names: Iterable[str], wanted: str) -> bool:
    return any(ports.in_range(name, wanted) for name in names)
