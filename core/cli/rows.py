"""Wire records to the columns that tables and templates show. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from ..schema.containers import ContainerSummary, Port
from ..units import SECOND, human_duration, human_size, parse_timestamp
from .render import Row, ellipsis, safe

_COMMAND_WIDTH = 20
_MOUNT_WIDTH = 15


def short(identity: str) -> str:
    """The first twelve digits of an id."""
    return identity.removeprefix("sha256:")[:12]


def ago(seconds: float, now: float) -> str:
    return human_duration(max(now - seconds, 0)) + " ago"


def local_time(seconds: float) -> str:
    """Print a time as Go's Time.String does: 2026-01-31 12:00:00 +0000 UTC."""
    moment = datetime.fromtimestamp(seconds).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S %z %Z")


def seconds_of(text: str) -> float:
    return parse_timestamp(text) / SECOND


CONTAINER_TITLES = {
    "ID": "CONTAINER ID",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED",
    "Status": "STATUS",
    "State": "STATE",
    "Ports": "PORTS",
    "Names": "NAMES",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "Networks": "NETWORKS",
    "LocalVolumes": "LOCAL VOLUMES",
    "Platform": "PLATFORM",
    "Size": "SIZE",
}


def container(found: ContainerSummary, now: float, trunc: bool = True) -> Row:
    """The columns of `docker ps`."""
    command = safe(found.command)
    names = [name.removeprefix("/") for name in found.names]
    shown_names = [name for name in names if "/" not in name] or names
    mounts = [mount.name or mount.source for mount in found.mounts]
    return {
        "ID": short(found.id) if trunc else found.id,
        "Image": _image(found, trunc),
        "Command": json.dumps(ellipsis(command, _COMMAND_WIDTH) if trunc else command, ensure_ascii=False),
        "CreatedAt": local_time(found.created),
        "RunningFor": ago(found.created, now),
        "Status": safe(found.status),
        "State": found.state,
        "Ports": ports(found.ports),
        "Names": ",".join(shown_names if trunc else names),
        "Labels": safe(labels(found.labels)),
        "Mounts": ",".join(ellipsis(mount, _MOUNT_WIDTH) if trunc else mount for mount in mounts),
        "Networks": ",".join(found.network_settings.networks or ()),
        "LocalVolumes": str(sum(mount.driver == "local" for mount in found.mounts)),
        "Platform": None,
        "Size": _container_size(found),
        "Label": lambda key: found.labels.get(key, ""),
    }


def _image(found: ContainerSummary, trunc: bool) -> str:
    """The image's name, or its short id when it has none (any more)."""
    if not found.image:
        return "<no image>"
    image = safe(found.image)
    if trunc and image.startswith("sha256:"):
        return short(image)
    name, digest, _ = image.partition("@sha256:")
    return name if trunc and digest else image


def _container_size(found: ContainerSummary) -> str:
    size = human_size(found.size_rw)
    return f"{size} (virtual {human_size(found.size_root_fs)})" if found.size_root_fs > 0 else size


def labels(found: Mapping[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in (found or {}).items())


def ports(found: Sequence[Port]) -> str:
    """Say ports as docker does: unpublished as `80/tcp`, neighbours joined to ranges."""
    ordered = sorted(found, key=lambda p: (p.private_port, p.ip, p.public_port, p.type))
    runs: list[list[Port]] = []
    for port in ordered:
        run = next((run for run in reversed(runs) if _continues(run[-1], port)), None)
        if run is None:
            runs.append([port])
        elif run[-1] != port:
            run.append(port)
    return ", ".join(_run(run) for run in sorted(runs, key=lambda run: (run[0].private_port, run[0].type)))


def _continues(before: Port, port: Port) -> bool:
    """Tell whether `port` is the next after `before`, inside and outside."""
    if (before.ip, before.type) != (port.ip, port.type) or bool(before.public_port) != bool(port.public_port):
        return False
    step = port.private_port - before.private_port
    return step in (0, 1) and (not port.public_port or port.public_port - before.public_port == step)


def _run(run: Sequence[Port]) -> str:
    first, last = run[0], run[-1]
    inside = _span(first.private_port, last.private_port) + f"/{first.type}"
    if not first.public_port:
        return inside
    address = f"[{first.ip}]" if ":" in first.ip else first.ip
    return f"{address}:{_span(first.public_port, last.public_port)}->{inside}"


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
