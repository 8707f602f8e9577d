"""What a state root's networks have in the kernel: made when it is needed, taken out when nobody needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..errors import NotFound
from ..linux import netlink, nftables
from . import links
from .record import Network
from .tables import Tables, published

OURS = "pdk"


class Presence:
    """Bridges and the firewall table. `mark` begins the names of this state root's veths."""

    def __init__(self, tables: Tables, mark: str) -> None:
        self._tables = tables
        self._mark = mark
        self._whole: set[str] = set()

    def bring_up(self, networks: Sequence[Network]) -> None:
        """Make bridges and firewall be there; raises NotFound for a macvlan's link, which is not ours."""
        for network in networks:
            if network.parent and not links.exists(network.parent):
                raise NotFound(f"no network interface {network.parent}, which network {network.name} is on")
        bridged = [network for network in networks if network.bridge]
        # Completeness is looked at once, presence each time: it is other programs that delete bridges.
        broken = [
            network
            for network in bridged
            if not links.exists(network.bridge)
            or (network.id not in self._whole and not links.is_whole(network))
        ]
        for network in broken:
            links.make_bridge(network)
        self._whole.update(network.id for network in bridged)
        if broken:
            self.update_firewall()
        elif bridged and not nftables.table_exists():
            # Flushed by another program: the other containers' ports are gone with it.
            self.update_firewall()
            nftables.add_ports(published(self._tables.endpoints.all()))

    def update_firewall(self) -> None:
        links.ensure_firewall(self._tables.networks.all())

    async def withdraw(self) -> None:
        """Take it all away; what is needed comes back with the next start."""
        for network in self._tables.networks.all():
            await asyncio.to_thread(links.remove_bridge, network)
        links.remove_firewall()

    async def withdraw_unneeded(self) -> None:
        """The same when no container is on any network, and none of another state root lives here.

        A user's own rules are in our table: then it stays.
        """
        if self._tables.endpoints.select("id") or self._has_neighbours():
            return
        if not nftables.has_user_rules():
            await self.withdraw()

    def _has_neighbours(self) -> bool:
        """The firewall table is theirs too."""
        others = (link.name for link in netlink.links() if link.kind == "veth")
        return any(name.startswith(OURS) and not name.startswith(self._mark) for name in others)
