"""Rows of the container list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..text import Glyphs, age, clean, percent, size
from .cells import Cell, Column, Row

if TYPE_CHECKING:
    from pydock.core.schema.containers import ContainerSummary

    from .stats import Sample

COLUMNS = (
    Column("name", "NAME", 10, flex=3),
    Column("state", "STATE", 12, needs=30),
    Column("cpu", "CPU", 6, right=True, needs=38, descending=True),
    Column("mem", "MEM", 5, right=True, needs=38, descending=True),
    Column("image", "IMAGE", 10, flex=1, needs=54),
    Column("ports", "PORTS", 14, flex=1, needs=84),
)

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000}
_UNITS["year"] = 31536000
_SPAN = re.compile(r"(?:about )?(an?|\d+) (second|minute|hour|day|week|month|year)", re.IGNORECASE)
_CODE = re.compile(r"\((-?\d+)\)")
_HEALTH = re.compile(r"\((healthy|unhealthy|health: starting)\)")


def name_of(record: ContainerSummary) -> str:
    """The container's name without its slash; its short id while it has none (dead, being removed)."""
    names = record.names or []
    plain = next((n.lstrip("/") for n in names if n.count("/") <= 1), "")
    return clean(plain or record.id[:12])


def span(status: str) -> float | None:
    """Seconds out of Docker's human text: `Up About an hour`, `Exited (1) 3 days ago`; None without."""
    if "less than a second" in status.lower():
        return 0.0
    found = _SPAN.search(status)
    if found is None:
        return None
    count = 1 if found[1].lower() in ("a", "an") else int(found[1])
    return float(count * _UNITS[found[2].lower()])


def exit_code(status: str) -> int | None:
    """The exit code in `Exited (137) 2 minutes ago`."""
    found = _CODE.search(status)
    return int(found[1]) if found else None


def health(status: str) -> str:
    """`healthy`, `unhealthy`, `starting`, or nothing."""
    found = _HEALTH.search(status)
    return found[1].removeprefix("health: ") if found else ""


def state_cell(record: ContainerSummary, glyphs: Glyphs, since_read: float = 0.0) -> Cell:
    """State as glyph and word, with what matters most about it: uptime, health, exit code.

    `since_read` is how many seconds ago the record's status text was made.
    """
    state, status = record.state or "unknown", record.status or ""
    glyph = glyphs.state(state)
    if state == "running":
        return _running(glyph, status, since_read)
    if state in ("exited", "dead"):
        code = exit_code(status)
        word = state if code is None else f"exit {code}"
        return Cell(f"{glyph} {word}", "exited" if code in (0, None) and state == "exited" else "failed")
    return Cell(f"{glyph} {clean(state)}", state if state in _TONES else "dim")


_TONES = {"paused", "restarting", "created", "removing"}


def _running(glyph: str, status: str, since_read: float) -> Cell:
    past = span(status)
    up = "running" if past is None else f"up {age(past + since_read)}"
    match health(status):
        case "unhealthy":
            return Cell(f"{glyph} unhealthy", "failed")
        case "starting":
            return Cell(f"{glyph} starting", "restarting")
        case "healthy":
            return Cell(f"{glyph} {up} ok", "running")
        case _:
            return Cell(f"{glyph} {up}", "running")


def ports_text(record: ContainerSummary, arrow: str = "→") -> str:
    """Published ports, each once though it is bound for IPv4 and IPv6: `8080→80, 53→53/udp`."""
    seen: dict[str, None] = {}
    for port in record.ports or ():
        if not port.public_port:
            continue
        protocol = "" if (port.type or "tcp") == "tcp" else f"/{port.type}"
        host = "" if (port.ip or "0.0.0.0") in ("0.0.0.0", "::") else f"{port.ip}:"
        seen.setdefault(f"{host}{port.public_port}{arrow}{port.private_port}{protocol}")
    return clean(", ".join(seen))


def image_text(record: ContainerSummary) -> str:
    """The image's name, or a short id where the container only knows the digest."""
    name = record.image or ""
    return clean(name.removeprefix("sha256:")[:12] if name.startswith("sha256:") else name)


def row(record: ContainerSummary, sample: Sample | None, glyphs: Glyphs, since_read: float = 0.0) -> Row:
    """One container as a row; `sample` is None while there is none (stopped, or not asked yet)."""
    running = record.state == "running"
    state = state_cell(record, glyphs, since_read)
    name, image, ports = name_of(record), image_text(record), ports_text(record, glyphs.arrow)
    cpu = sample.cpu if sample and running else None
    memory = sample.memory if sample and running else None
    return Row(
        key=record.id,
        cells=(
            Cell(name, "text" if running else "dim"),
            state,
            Cell(percent(cpu) if running else "", _load(cpu)),
            Cell(size(memory) if running else "", "text"),
            Cell(image, "dim"),
            Cell(ports, "accent"),
        ),
        sort=(
            name.lower(),
            f"{_RANK.get(record.state or '', 9)}{state.text}",
            -1.0 if cpu is None else cpu,
            -1.0 if memory is None else float(memory),
            image.lower(),
            ports,
        ),
        search=f"{name} {image} {record.state} {record.status} {record.id} {ports}".lower(),
        hidden=not running and record.state not in ("paused", "restarting"),
    )


_RANK = {"running": 0, "restarting": 1, "paused": 2, "created": 3, "exited": 4, "dead": 5}


def _load(cpu: float | None) -> str:
    if cpu is None or cpu < 0.05:
        return "dim"
    return "warn" if cpu >= 80 else "text"
