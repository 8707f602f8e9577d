"""The state tables of networks and endpoints, and what is asked of them together."""

from __future__ import annotations

from collections.abc import Iterable

from ..state.store import Store, Table
from .names import name_line
from .ports import same_place
from .record import Endpoint, HostPort, Network


class Tables:
    """Records as all engines see them. An address is a unique column, so none is given out twice."""

    def __init__(self, store: Store) -> None:
        self.networks = Table(
            store,
            "networks",
            Network,
            key=lambda one: one.id,
            columns={"name": lambda one: one.name},
            unique=("name",),
        )
        self.endpoints = Table(
            store,
            "endpoints",
            Endpoint,
            key=lambda one: one.id,
            columns={
                "network": lambda one: one.network_id,
                "container": lambda one: one.container_id,
                "place4": lambda one: f"{one.network_id}/{one.ip4}" if one.ip4 else None,
                "place6": lambda one: f"{one.network_id}/{one.ip6}" if one.ip6 else None,
                "line": name_line,
            },
            unique=("place4", "place6"),
        )

    def taken(self, network: Network) -> set[str]:
        """Addresses in use on a network; only columns are read, so that many endpoints cost little."""
        rows = self.endpoints.select("place4", "place6", network=network.id)
        return {str(place).partition("/")[2] for row in rows for place in row if place is not None}

    def name_lines(self, network: Network) -> str:
        """The content of a network's names file."""
        rows = self.endpoints.select("line", network=network.id)
        return "".join(str(line) for (line,) in rows if line is not None)

    def holder(self, protocol: str, host_ip: str, number: int) -> str:
        """The name of the container that has a host port."""
        for endpoint in self.endpoints.all():
            if any(same_place(port, protocol, host_ip, number) for port in endpoint.ports):
                return endpoint.container_name
        return ""


def published(endpoints: Iterable[Endpoint]) -> list[HostPort]:
    """All ports that are published at these endpoints."""
    return [port for endpoint in endpoints for port in endpoint.ports]
