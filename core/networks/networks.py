"""The service: networks are made, containers get their places on them, and the kernel is kept in line.

A change to the state and to the kernel is one transaction of the store, which no other engine can fall into:
two engines never write their different views of the firewall over each other.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path

from msgspec.structs import replace

from ..config import Config
from ..errors import Conflict, NotFound, PydockError
from ..filters import Filters
from ..ids import new_id
from ..linux import netlink, nftables
from ..schema.containers import PortBinding
from ..schema.networks import EndpointSettings, NetworkCreateRequest, NetworkInspect
from ..schema.topology import TopologyNetwork
from ..state.events import Events
from ..state.store import Store
from . import endpoints as places_
from . import links, view
from .attachment import Asked, Attachment, attachment
from .endpoints import Place
from .ipam import IPNetwork
from .mend import Mending, mend, missing
from .names import NameFiles, has_names
from .ports import Reservation, moved
from .presence import OURS, Presence
from .record import Endpoint, HostPort, Network
from .settings import PREDEFINED, new_network, predefined
from .tables import Tables, published
from .topology import picture


class Networks:
    """The networks of a state root, and the containers' endpoints on them.

    Methods are coroutines as everywhere in the engine; what they ask of the kernel inline is far below a
    millisecond, and what is slower runs in a thread.
    """

    def __init__(self, store: Store, events: Events, config: Config, names: Path | None = None) -> None:
        self._store = store
        # Links of another state root's containers are not ours to delete.
        self._mark = OURS + hashlib.sha256(str(store.path).encode()).hexdigest()[:4]
        self._names = NameFiles(names or store.path.parent / "networks")
        self._events = events
        self._config = config
        self._tables = Tables(store)
        self._networks, self._endpoints = self._tables.networks, self._tables.endpoints
        self._presence = Presence(self._tables, self._mark)

    def ensure(self) -> None:
        """Make the predefined networks' records, if they are missing. Nothing happens in the kernel."""
        if len(self._networks.select("id")) >= len(PREDEFINED) and all(
            self._networks.find(name=name) for name in PREDEFINED
        ):
            return
        with self._store.transaction():
            for name in PREDEFINED:
                if not self._networks.find(name=name):
                    self._networks.insert(self._predefined(name))

    def get(self, name: str) -> Network:
        """A network by name, id, or the unique beginning of an id; raises NotFound."""
        network = places_.find(name, self._networks.all())
        if network is None:
            raise NotFound(f"network {name} not found")
        return network

    def is_same(self, name: str, network: Network) -> bool:
        """Tell whether a name (or id, or the beginning of one) means this network."""
        found = places_.find(name, self._networks.all())
        return found is not None and found.id == network.id

    def attached(self) -> dict[str, set[str]]:
        """Map each container that holds places to the ids of their networks."""
        found: dict[str, set[str]] = {}
        for container, network in self._endpoints.select("container", "network"):
            found.setdefault(str(container), set()).add(str(network))
        return found

    def check(self, endpoints: Mapping[str, EndpointSettings]) -> None:
        """Raise what a start on these networks would, as far as that can be told; NotFound, Invalid."""
        self._places(endpoints)

    async def list(self, filters: Filters | None = None) -> Sequence[NetworkInspect]:
        """All networks that pass the filters, without their containers; raises Invalid."""
        used = {str(row[0]) for row in self._endpoints.select("network")}
        chosen = view.select(self._networks.all(), used, filters or Filters())
        return [view.inspect(network) for network in chosen]

    async def inspect(self, name: str) -> NetworkInspect:
        """A network with its containers; raises NotFound."""
        network = self.get(name)
        return view.inspect(network, self._endpoints.find(network=network.id))

    def topology(self, sharers: Mapping[str, Sequence[str]]) -> Sequence[TopologyNetwork]:
        """The picture of all networks; `sharers` maps a container to those in its network namespace."""
        return picture(self._networks.all(), self._endpoints.all(), sharers)

    async def create(self, request: NetworkCreateRequest) -> tuple[str, str]:
        """Make a network with its bridge; returns its id and a warning.

        Raises Conflict, Exhausted, Forbidden, Invalid, Unsupported.
        """
        with self._store.transaction():
            others = self._networks.all()
            pools, routes = self._config.default_address_pools, _reached()
            network = new_network(request, new_id(), time.time_ns(), pools, others, routes)
            if network.bridge and links.exists(network.bridge):
                raise Conflict(f"there is a network interface of this name already: {network.bridge}")
            self._networks.insert(network)
            self._announce("create", network)
            try:
                self._presence.bring_up([network])
            except PydockError:
                links.remove_bridge(network)
                raise
        return network.id, ""

    async def remove(self, name: str) -> None:
        """Remove a network without containers; raises Forbidden, NotFound."""
        network = self.get(name)
        with self._store.transaction():
            places_.require_unused(network, self._endpoints.find(network=network.id))
            self._networks.delete(network.id)
            self._names.remove(network)
            self._announce("destroy", network)
        await asyncio.to_thread(links.remove_bridge, network)
        with self._store.transaction():
            self._presence.update_firewall()

    async def prune(self, filters: Filters | None = None) -> Sequence[str]:
        """Remove the networks that no container uses; returns their names.

        With no container left on any other, what those have in the kernel goes too, until it is needed.
        """
        unused = Filters({**dict((filters or Filters()).values), "dangling": ("true",)})
        unused.require_known(("dangling", "label", "label!", "until"))
        used = {str(row[0]) for row in self._endpoints.select("network")}
        removed = []
        for network in view.select(self._networks.all(), used, Filters({"dangling": ("true",)})):
            if unused.matches_labels(network.labels) and not network.default:
                await self.remove(network.id)
                removed.append(network.name)
        await self._presence.withdraw_unneeded()
        return removed

    async def connect(
        self,
        container_id: str,
        name: str,
        mode: str,
        endpoints: Mapping[str, EndpointSettings],
        *,
        bindings: Mapping[str, Sequence[PortBinding] | None] | None = None,
        exposed: Collection[str] = (),
        publish_all: bool = False,
        hostname: str = "",
    ) -> Attachment:
        """Give a container that is about to start its addresses and host ports, and its networks their links.

        What an earlier run of it held is let go first. After an error nothing is held. Raises Conflict (an
        address or port in use), Exhausted, Forbidden, Invalid, NotFound, Unsupported.
        """
        asked = Asked(bindings or {}, exposed, publish_all)
        await self.disconnect(container_id)
        with Reservation() as reservation:
            with self._store.transaction():
                places = self._places(places_.asked_of(mode, endpoints))
                made = self._allocate(places, places_.Who(container_id, name, hostname))
                self._presence.bring_up([place.network for place in places])
                gateway = places_.gateway_place(places)
                if gateway is not None:
                    asked.reserve(reservation, gateway, made[gateway], self._tables.holder)
                for place, endpoint in made.items():
                    self._keep(endpoint, place is gateway, reservation.ports)
                    self._announce("connect", place.network, container=container_id)
                names = [self._write_names(place.network) for place in places if has_names(place.network)]
            return attachment(made, gateway, reservation, asked.shown, names)

    async def rearrange(
        self,
        container_id: str,
        name: str,
        endpoints: Mapping[str, EndpointSettings],
        *,
        bindings: Mapping[str, Sequence[PortBinding] | None] | None = None,
        exposed: Collection[str] = (),
        publish_all: bool = False,
        hostname: str = "",
    ) -> Attachment:
        """Give a container that runs its places on these networks; it keeps those that it has.

        Its ports lead to where its default route goes now. Places on other networks stay held until
        `let_go`, for its links are still there. Raises as `connect` does; then nothing has changed.
        """
        asked = Asked(bindings or {}, exposed, publish_all)
        with Reservation() as reservation:
            with self._store.transaction():
                held = {one.network_id: one for one in self._endpoints.find(container=container_id)}
                places = self._places(endpoints)
                made = self._allocate(places, places_.Who(container_id, name, hostname), held)
                self._presence.bring_up([place.network for place in places])
                gateway = places_.gateway_place(places)
                before = published(list(held.values()))
                if gateway is not None and before and gateway.network.bridge:
                    reservation.ports = moved(before, made[gateway].ip4, made[gateway].ip6)
                elif gateway is not None:
                    asked.reserve(reservation, gateway, made[gateway], self._tables.holder)
                for endpoint in {**held, **{one.network_id: one for one in made.values()}}.values():
                    leads_out = gateway is not None and endpoint.network_id == gateway.network.id
                    self._keep(endpoint, leads_out, reservation.ports)
                for place in places:
                    if place.network.id not in held:
                        self._announce("connect", place.network, container=container_id)
                names = [self._write_names(place.network) for place in places if has_names(place.network)]
            return attachment(made, gateway, reservation, asked.shown, names)

    def let_go(self, container_id: str, kept: Collection[str]) -> None:
        """Free a container's places on all networks but those that are kept (by name or id)."""
        ids = {self.get(name).id for name in kept}
        with self._store.transaction():
            for endpoint in self._endpoints.find(container=container_id):
                if endpoint.network_id not in ids:
                    self._free(endpoint)

    def rename(self, container_id: str, old: str, new: str) -> None:
        """Have a container found by its new name."""
        with self._store.transaction():
            for endpoint in self._endpoints.find(container=container_id):
                network = self._networks.get(endpoint.network_id)
                if network is not None:
                    self._endpoints.replace(places_.renamed(endpoint, network, old, new))
                    self._write_names(network)

    async def disconnect(self, container_id: str) -> None:
        """Free what a container held: it has ended, or did not start. Safe to repeat."""
        endpoints = self._endpoints.find(container=container_id)
        ports = published(endpoints)
        if ports:
            # The shim has withdrawn them at its end, unless it was killed; the kernel may take 15 ms for it.
            await asyncio.to_thread(nftables.remove_ports, ports)
        with self._store.transaction():
            for endpoint in endpoints:
                self._free(endpoint)

    async def mend(self, live: Collection[str]) -> Sequence[str]:
        """Put the kernel and the records back in line after kills, reboots and other programs' doings.

        `live` are the ids of containers that have a shim. Returns one line for each thing put right.
        """
        with self._store.transaction():
            mending = Mending(self._networks.all(), self._endpoints.all(), frozenset(live), self._mark)
            told, stale_links = mend(mending)
            for endpoint in mending.stale_endpoints():
                self._endpoints.delete(endpoint.id)
            for network in self._networks.all():
                self._write_names(network)
        for link in stale_links:
            await asyncio.to_thread(netlink.delete_link, link)
        return told

    def missing(self, live: Collection[str]) -> Sequence[str]:
        """Say what `mend` would put right, one line for each, and change nothing."""
        return missing(Mending(self._networks.all(), self._endpoints.all(), frozenset(live), self._mark))

    def has_bridge(self, name: str) -> bool:
        """Tell whether a link's name is that of one of our bridges."""
        return bool(name) and any(network.bridge == name for network in self._networks.all())

    async def restore(self, live: Collection[str]) -> Sequence[str]:
        """Put back what other programs took from networks in use: as `mend`, and the bridges' addresses."""
        used = {one.network_id for one in self._endpoints.all() if one.container_id in live}
        told = []
        for network in self._networks.all():
            if network.id in used and network.bridge and links.exists(network.bridge):
                netlink.set_link_up(network.bridge)
                if not links.is_whole(network):
                    links.make_bridge(network)
                    told.append(f"completed bridge {network.bridge} of network {network.name}")
        return [*told, *await self.mend(live)]

    async def withdraw(self) -> None:
        """Take everything of ours out of the kernel: bridges, rules, accepts. The records stay."""
        await self._presence.withdraw()

    def _predefined(self, name: str) -> Network:
        routes = _reached(self._config.bridge_name) if name == "bridge" else []
        return predefined(
            name,
            new_id(),
            time.time_ns(),
            self._config.bridge_name,
            self._config.default_address_pools,
            self._networks.all(),
            routes,
        )

    def _places(self, asked: Mapping[str, EndpointSettings]) -> Sequence[Place]:
        places = [Place(given, self.get(given), wish) for given, wish in asked.items()]
        places_.check(places)
        return places_.order(places)

    def _allocate(
        self, places: Sequence[Place], who: places_.Who, held: Mapping[str, Endpoint] | None = None
    ) -> dict[Place, Endpoint]:
        """Find or make an endpoint for each place; `held` are those that the container has, by network."""
        made: dict[Place, Endpoint] = {}
        interfaces = [endpoint.interface for endpoint in (held or {}).values()]
        for place in places:
            if any(other.network.id == place.network.id for other in made):
                raise Conflict(f"container {who.name} is already attached to network {place.network.name}")
            endpoint = (held or {}).get(place.network.id)
            if endpoint is None:
                number, taken = places_.free_number(interfaces), self._tables.taken(place.network)
                endpoint = places_.new_endpoint(place, new_id(), who, number, taken, self._mark)
                interfaces.append(endpoint.interface)
            made[place] = endpoint
        return made

    def _keep(self, endpoint: Endpoint, gateway: bool, ports: Sequence[HostPort]) -> None:
        """Write an endpoint down, be it new or changed; the ports are published at the gateway."""
        endpoint = replace(endpoint, gateway=gateway, ports=list(ports) if gateway else [])
        if self._endpoints.get(endpoint.id) is None:
            self._endpoints.insert(endpoint)
        else:
            self._endpoints.replace(endpoint)

    def _free(self, endpoint: Endpoint) -> None:
        network = self._networks.get(endpoint.network_id)
        if self._endpoints.delete(endpoint.id) and network is not None:
            self._announce("disconnect", network, container=endpoint.container_id)
            self._write_names(network)

    def _write_names(self, network: Network) -> str:
        """Bring a network's names file up to date; returns its path."""
        return self._names.write(network, self._tables.name_lines(network))

    def _announce(self, action: str, network: Network, **more: str) -> None:
        attributes = {"name": network.name, "type": network.driver, **more}
        self._events.publish("network", action, network.id, attributes)


def _reached(own_bridge: str = "") -> list[IPNetwork]:
    """Subnets that this machine reaches by a route of its own; the default route is none.

    Those by `own_bridge`, which an earlier state root has left, do not count.
    """
    own = socket.if_nametoindex(own_bridge) if own_bridge and links.exists(own_bridge) else 0
    found = (ip_network(one.destination, strict=False) for one in netlink.routes() if one.index != own)
    return [subnet for subnet in found if subnet.prefixlen]
