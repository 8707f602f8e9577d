"""Rows of the network list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text import clean
from .cells import Cell, Column, Row

if TYPE_CHECKING:
    from pydock.core.schema.networks import NetworkInspect

COLUMNS = (
    Column("name", "NETWORK", 10, flex=1),
    Column("driver", "DRIVER", 8, needs=26),
    Column("subnet", "SUBNET", 18, needs=46),
    Column("used", "USED", 4, right=True, needs=36, descending=True),
)


def subnets(record: NetworkInspect) -> str:
    """The network's address ranges, IPv4 first."""
    configs = (record.ipam.config or ()) if record.ipam else ()
    return clean(", ".join(c.subnet for c in configs if c.subnet))


def row(record: NetworkInspect, used: int) -> Row:
    """One network as a row; `used` counts the containers that name it."""
    name, driver, subnet = clean(record.name), clean(record.driver or ""), subnets(record)
    return Row(
        key=record.id,
        cells=(
            Cell(name, "text"),
            Cell(driver, "dim"),
            Cell(subnet or "-", "dim"),
            Cell(str(used) if used else "-", "running" if used else "dim"),
        ),
        sort=(name.lower(), driver, subnet, float(used)),
        search=f"{name} {driver} {subnet} {record.id}".lower(),
    )
