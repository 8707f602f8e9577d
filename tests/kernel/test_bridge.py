"""Networks on the real kernel: what a container gets, and what is mended; in namespaces of the test's own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kernel.netns import BRIEFLY, Namespace, listen, reaches
from pydock.core.config import Config
from pydock.core.errors import Conflict, Forbidden
from pydock.core.linux import netlink, nftables
from pydock.core.networks import Attachment, Networks
from pydock.core.schema.containers import PortBinding
from pydock.core.schema.networks import EndpointSettings, NetworkCreateRequest
from pydock.core.state.events import Events
from pydock.core.state.store import Store

T = TypeVar("T")
WEB = {"80/tcp": [PortBinding(host_port="8080")]}


class Silent:
    """A bell that nobody hears."""

    def ring(self, payload: bytes) -> None:
        pass


@dataclass
class Machine:
    """A host with an engine's networks, and the containers that were started on it."""

    root: Path
    host: Namespace = field(default_factory=Namespace)
    containers: dict[str, Namespace] = field(default_factory=dict)
    attachments: dict[str, Attachment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.networks = self.host.run(self._open)

    def _open(self) -> Networks:
        self.store = Store(self.root / "state.db")
        networks = Networks(self.store, Events(self.store, Silent()), Config())
        networks.ensure()
        return networks

    def call(self, work: Callable[[Networks], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine of the networks as an engine on the host would."""
        return self.host.run(lambda: asyncio.run(work(self.networks)))

    def start(self, name: str, mode: str = "bridge", **more: Any) -> Namespace:
        """Do what engine, shim and container do at a start; `more` goes to `connect`."""
        endpoints = more.pop("endpoints", {})
        got = self.call(lambda networks: networks.connect(name * 8, name, mode, endpoints, **more))
        space = Namespace()
        self.containers[name], self.attachments[name] = space, got
        for one in got.network.interfaces:
            self.host.run(
                netlink.create_veth, one.host_name, one.bridge, one.name, space.task, one.mac, one.mtu
            )
        space.run(netlink.configure, got.network.interfaces)
        self.host.run(nftables.add_ports, got.network.ports)
        return space

    def end(self, name: str) -> None:
        """The container's end as its shim and engine handle it."""
        got = self.attachments.pop(name)
        self.host.run(nftables.remove_ports, got.network.ports)
        got.close()
        self.containers.pop(name).close()
        self.call(lambda networks: networks.disconnect(name * 8))

    def mend(self) -> list[str]:
        live = [name * 8 for name in self.containers]
        return list(self.call(lambda networks: networks.mend(live)))

    def address(self, name: str) -> str:
        return self.attachments[name].network.interfaces[0].addresses[0].partition("/")[0]

    def links(self) -> set[str]:
        return {link.name for link in self.host.run(netlink.links)}

    def close(self) -> None:
        for got in self.attachments.values():
            got.close()
        for space in self.containers.values():
            space.close()
        self.host.run(self.store.close)
        self.host.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.close()


def test_nothing_is_made_before_a_container_starts(machine: Machine) -> None:
    assert machine.mend() == []
    assert machine.links() == {"lo"}
    assert not machine.host.run(nftables.table_exists)


def test_started_container_is_reached_by_its_published_port(machine: Machine) -> None:
    web = machine.start("web", bindings=WEB)
    with listen(web, "0.0.0.0", 80) as server:
        assert reaches(machine.host, "127.0.0.1", 8080, server) == "172.17.0.1"
        assert reaches(machine.host, "172.17.0.2", 80, server) == "172.17.0.1"
    got = machine.attachments["web"]
    assert got.ports == {"80/tcp": [PortBinding(host_ip="0.0.0.0", host_port="8080")]}
    shown = got.endpoints["bridge"]
    assert (shown.ip_address, shown.gateway, shown.ip_prefix_len, shown.mac_address) == (
        "172.17.0.2", "172.17.0.1", 16, "02:42:ac:11:00:02"
    )  # fmt: skip


def test_containers_of_one_network_reach_each_other_and_no_other(machine: Machine) -> None:
    machine.call(lambda networks: networks.create(NetworkCreateRequest(name="back")))
    web, database, other = machine.start("web", "back"), machine.start("db", "back"), machine.start("cli")
    with listen(database, "0.0.0.0", 5432) as server:
        assert reaches(web, machine.address("db"), 5432, server) == machine.address("web")
        assert reaches(other, machine.address("db"), 5432, server, BRIEFLY) == ""


def test_container_on_two_networks_has_one_default_route(machine: Machine) -> None:
    for name, internal in (("back", True), ("front", False)):
        request = NetworkCreateRequest(name=name, internal=internal)
        machine.call(lambda networks, request=request: networks.create(request))
    both = {"back": EndpointSettings(), "front": EndpointSettings()}
    space = machine.start("web", "back", endpoints=both, bindings=WEB)
    names = [link.name for link in space.run(netlink.links)]
    assert names == ["lo", "eth0", "eth1"]
    defaults = [route for route in space.run(netlink.routes) if route.destination == "0.0.0.0/0"]
    assert [route.gateway for route in defaults] == [machine.attachments["web"].endpoints["front"].gateway]
    with listen(space, "0.0.0.0", 80) as server:
        assert reaches(machine.host, "127.0.0.1", 8080, server)


def test_ipv6_network_leads_out_and_in(machine: Machine) -> None:
    request = NetworkCreateRequest(name="six", enable_ipv6=True)
    machine.call(lambda networks: networks.create(request))
    web = machine.start("web", "six", bindings=WEB)
    bindings = machine.attachments["web"].ports["80/tcp"]
    assert bindings is not None
    assert {binding.host_ip for binding in bindings} == {"0.0.0.0", "::"}
    machine.host.run(netlink.add_address, "lo", "2001:db8::1/128")
    with listen(web, "::", 80) as server:
        assert reaches(machine.host, "2001:db8::1", 8080, server)
    with listen(machine.host, "::", 81) as server:
        assert reaches(web, "2001:db8::1", 81, server)


def test_none_has_only_loopback_and_host_has_no_namespace(machine: Machine) -> None:
    alone = machine.start("alone", "none")
    assert [link.name for link in alone.run(netlink.links)] == ["lo"]
    assert machine.attachments["alone"].network.mode == "private"
    got = machine.call(lambda networks: networks.connect("h", "h", "host", {}, bindings=WEB))
    assert (got.network.mode, got.network.interfaces, got.network.ports, got.sockets) == ("host", (), (), [])


def test_end_frees_address_port_and_link(machine: Machine) -> None:
    machine.start("web", bindings=WEB)
    machine.end("web")
    assert machine.host.run(nftables.ports) == []
    machine.start("next", bindings=WEB)
    assert machine.address("next") == "172.17.0.2"
    assert machine.mend() == []


def test_restart_takes_the_place_of_a_pair_that_is_still_going(machine: Machine) -> None:
    machine.start("web")
    (interface,) = machine.attachments["web"].network.interfaces
    again = Namespace()
    machine.host.run(
        netlink.create_veth, interface.host_name, interface.bridge, "eth0", again.task, interface.mac
    )
    again.run(netlink.configure, [interface])
    with listen(again, "0.0.0.0", 80) as server:
        assert reaches(machine.host, machine.address("web"), 80, server)
    again.close()


def test_failed_start_holds_nothing(machine: Machine) -> None:
    machine.start("web", bindings=WEB)
    with pytest.raises(Conflict, match="already allocated by container web"):
        machine.start("two", bindings={"81/tcp": [PortBinding(host_port="8081")], **WEB})
    machine.start("three", bindings={"81/tcp": [PortBinding(host_port="8081")]})
    assert machine.address("three") == "172.17.0.3"


def test_removed_network_leaves_nothing(machine: Machine) -> None:
    machine.call(lambda networks: networks.create(NetworkCreateRequest(name="back")))
    machine.start("web", "back")
    with pytest.raises(Forbidden, match='has active endpoints \\(name:"web"'):
        machine.call(lambda networks: networks.remove("back"))
    machine.end("web")
    assert machine.call(lambda networks: networks.prune()) == ["back"]
    assert not {link for link in machine.links() if link.startswith("pdb-")}


def test_withdraw_leaves_the_kernel_as_it_was(machine: Machine) -> None:
    policy = "{ type filter hook forward priority 0; policy drop; }"
    _nft(machine, f"add table ip filter; add chain ip filter FORWARD {policy}")
    before = _nft(machine, "list ruleset")
    machine.start("web", bindings=WEB)
    machine.end("web")
    machine.call(lambda networks: networks.withdraw())
    assert _nft(machine, "list ruleset") == before
    assert not {link for link in machine.links() if link.startswith(("pydock", "pdb-"))}


def test_flushed_ruleset_is_mended(machine: Machine) -> None:
    web = machine.start("web", bindings=WEB)
    _nft(machine, "flush ruleset")
    told = machine.mend()
    assert told == ["made the firewall table pydock again", "published port *:8080/tcp again"]
    with listen(web, "0.0.0.0", 80) as server:
        assert reaches(machine.host, "127.0.0.1", 8080, server)
    assert machine.mend() == []


def test_next_start_mends_a_flushed_ruleset_for_all(machine: Machine) -> None:
    web = machine.start("web", bindings=WEB)
    _nft(machine, "flush ruleset")
    machine.start("next")
    with listen(web, "0.0.0.0", 80) as server:
        assert reaches(machine.host, "127.0.0.1", 8080, server)


def test_deleted_bridge_is_mended(machine: Machine) -> None:
    web = machine.start("web", bindings=WEB)
    machine.host.run(netlink.delete_link, "pydock0")
    host_name = machine.attachments["web"].network.interfaces[0].host_name
    assert machine.mend() == [
        "made bridge pydock0 of network bridge again", f"put {host_name} back into bridge pydock0"
    ]  # fmt: skip
    with listen(web, "0.0.0.0", 80) as server:
        assert reaches(machine.host, "127.0.0.1", 8080, server)


def test_dead_shims_leavings_are_mended(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim that was killed withdrew no port; here a forgotten process keeps its namespace, too."""
    monkeypatch.setattr("pydock.core.networks.mend.GRACE_SECONDS", 0)
    machine.start("web", bindings=WEB)
    host_name = machine.attachments["web"].network.interfaces[0].host_name
    machine.attachments.pop("web").close()
    forgotten = machine.containers.pop("web")
    assert machine.mend() == [
        "withdrew port *:8080/tcp: its container is gone",
        f"deleted the left-over link {host_name}",
        "freed 172.17.0.2/16 of container web",
    ]
    assert machine.host.run(nftables.ports) == []
    assert host_name not in machine.links()
    forgotten.close()


def test_young_endpoint_is_left_to_the_engine_that_makes_it(machine: Machine) -> None:
    got = machine.call(lambda networks: networks.connect("w" * 64, "web", "bridge", {}))
    assert machine.call(lambda networks: networks.mend([])) == []
    machine.start("next")
    assert machine.address("next") == "172.17.0.3"
    got.close()


def test_reboot_is_mended_by_the_next_start(machine: Machine, tmp_path: Path) -> None:
    machine.start("web", "bridge", bindings=WEB)
    machine.close()
    after = Machine(tmp_path)
    try:
        web = after.start("web", bindings=WEB)
        with listen(web, "0.0.0.0", 80) as server:
            assert reaches(after.host, "127.0.0.1", 8080, server)
    finally:
        after.close()
    machine.host = Namespace()


def test_foreign_ports_and_links_are_left_alone(machine: Machine) -> None:
    machine.start("web")
    other = nftables.Port("tcp", "", 9999, "10.9.9.9", 80)
    machine.host.run(nftables.add_ports, [other])
    machine.host.run(netlink.create_bridge, "br9")
    space = Namespace()
    machine.host.run(netlink.create_veth, "pdkother", "br9", "eth0", space.task, "02:42:00:00:00:09")
    assert machine.mend() == []
    assert machine.host.run(nftables.ports) == [other]
    assert "pdkother" in machine.links()
    space.close()


def test_subnets_avoid_what_the_machine_reaches_elsewhere(tmp_path: Path) -> None:
    machine = Machine.__new__(Machine)
    host = Namespace()
    host.run(netlink.create_bridge, "docker0")
    host.run(netlink.add_address, "docker0", "172.17.0.1/16")
    machine.__init__(tmp_path, host)  # type: ignore[misc]  # the host comes first here
    machine.start("web")
    assert machine.address("web") == "172.18.0.2"
    machine.close()


def test_bridge_of_an_earlier_state_root_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = Machine(tmp_path / "old")
    old.start("web")
    old.end("web")
    old.host.run(netlink.delete_address, "pydock0", "172.17.0.1/16")
    new = Machine(tmp_path / "new", old.host)
    web = new.start("web", bindings=WEB)
    with listen(web, "0.0.0.0", 80) as server:
        assert reaches(new.host, "127.0.0.1", 8080, server) == "172.17.0.1"
    new.host.run(old.store.close)
    new.close()


def test_taken_link_name_is_told(machine: Machine) -> None:
    machine.host.run(netlink.create_bridge, "br9")
    request = NetworkCreateRequest(name="back", options={"com.docker.network.bridge.name": "br9"})
    with pytest.raises(Conflict, match="br9"):
        machine.call(lambda networks: networks.create(request))
    assert len(machine.call(lambda networks: networks.list())) == 3


def _nft(machine: Machine, script: str) -> str:
    return machine.host.run(
        subprocess.run, ["nft", "-s", "-f", "-"], input=script, text=True, check=True, capture_output=True
    ).stdout


def test_sockets_keep_others_from_a_published_port(machine: Machine) -> None:
    machine.start("web", bindings=WEB)
    with pytest.raises(OSError, match="in use"):
        listen(machine.host, "127.0.0.1", 8080)
    machine.end("web")
    listen(machine.host, "127.0.0.1", 8080).close()


def test_port_of_another_program_is_told(machine: Machine) -> None:
    message = r"Bind for 0\.0\.0\.0:8080 failed: port is already allocated$"
    with listen(machine.host, "127.0.0.1", 8080), pytest.raises(Conflict, match=message):
        machine.start("web", bindings=WEB)
