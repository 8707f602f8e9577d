"""What a start gets of the network: host ports, and what the shim and `inspect` are told."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..errors import PydockError
from ..runtime import records
from ..schema.containers import PortBinding
from ..schema.networks import EndpointSettings
from . import endpoints
from .endpoints import Place
from .ports import Holder, Reservation, port_map, wanted_ports
from .record import Endpoint, HostPort
from .settings import bridge_options


@dataclass(slots=True)
class Attachment:
    """A container's place on the network, for one start of it.

    `network` is for the shim; `endpoints` (by the names that were asked for) and `ports` are for inspect.
    `sockets` hold the published ports: the shim gets them, and the engine then calls `close()`. `names` are
    the files of the networks that have a name server (see `runtime.dns`), which forwards nothing unless the
    container `leads_out`.
    """

    network: records.Network
    endpoints: dict[str, EndpointSettings]
    ports: dict[str, list[PortBinding] | None] = field(default_factory=dict)
    sockets: list[int] = field(default_factory=list)
    names: tuple[str, ...] = ()
    leads_out: bool = True

    def close(self) -> None:
        """Close the engine's copies of the sockets."""
        for descriptor in self.sockets:
            os.close(descriptor)
        self.sockets.clear()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a container wants of the host's ports."""

    bindings: Mapping[str, Sequence[PortBinding] | None]
    exposed: Collection[str]
    publish_all: bool

    @property
    def shown(self) -> set[str]:
        """The ports that inspect lists, published or not."""
        return {*self.exposed, *self.bindings}

    def reserve(self, reservation: Reservation, place: Place, endpoint: Endpoint, holder: Holder) -> None:
        """Take all host ports; an error names the endpoint as dockerd does.

        A network that is no bridge publishes none: its members are reached at their own addresses.
        """
        if not place.network.bridge:
            return
        default_ip = bridge_options(place.network.options).host_binding
        try:
            for wanted in wanted_ports(self.bindings, self.exposed, self.publish_all, default_ip):
                reservation.take(wanted, endpoint.ip4, endpoint.ip6, holder)
        except PydockError as err:
            what = f"driver failed programming external connectivity on endpoint {endpoint.container_name}"
            raise type(err)(f"{what} ({endpoint.id}): {err}") from err


def attachment(
    made: Mapping[Place, Endpoint],
    gateway: Place | None,
    reservation: Reservation,
    shown: Collection[str],
    names: Sequence[str],
) -> Attachment:
    """Put together what a start gets; the reservation's sockets become its own."""
    interfaces = tuple(
        endpoints.interface(place.network, endpoint, place is gateway)
        for place, endpoint in made.items()
        if place.network.has_links
    )
    on_host = any(place.network.driver == "host" for place in made)
    mode: Literal["host", "private"] = "host" if on_host else "private"
    network = records.Network(mode=mode, interfaces=interfaces, ports=_published_ports(reservation.ports))
    return Attachment(
        network=network,
        endpoints={place.given: endpoints.settings(place, one) for place, one in made.items()},
        ports=port_map(reservation.ports, shown) if not on_host else {},
        sockets=reservation.detach(),
        names=tuple(names),
        leads_out=gateway is not None,
    )


def _published_ports(ports: Sequence[HostPort]) -> tuple[records.PublishedPort, ...]:
    return tuple(
        records.PublishedPort(
            protocol=port.protocol,  # type: ignore[arg-type]  # checked when it was read
            host_ip=port.host_ip,
            host_port=port.host_port,
            container_ip=port.container_ip,
            container_port=port.container_port,
        )
        for port in ports
    )
