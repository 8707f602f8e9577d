"""Names, links and networks of real containers while they run; the engine has a namespace of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from kernel.engines import Box, demultiplex, make_paths
from kernel.netns import Namespace
from kernel.test_ports import SERVE, fetch, on, published
from pydock.core.api import Api
from pydock.core.client import Client, DirectTransport
from pydock.core.containers import networking
from pydock.core.engine import Engine
from pydock.core.errors import Forbidden, Invalid, NotFound
from pydock.core.linux import netlink, nftables
from pydock.core.schema.containers import HostConfig, RestartPolicy
from pydock.core.schema.events import Event
from pydock.core.schema.networks import (
    IPAM,
    EndpointIPAMConfig,
    EndpointSettings,
    IPAMConfig,
    NetworkCreateRequest,
)

SLEEP = ("sleep", "1000")


@pytest.fixture
def host() -> Iterator[Namespace]:
    space = Namespace()
    yield space
    space.close()


async def network(box: Box, name: str, **more: object) -> None:
    await box.engine.networks.create(NetworkCreateRequest(name=name, **more))  # type: ignore[arg-type]


async def out(box: Box, identity: str, *cmd: str) -> str:
    """What a further process in it prints."""
    _, data = await box.exec(identity, *cmd)
    return b"".join(text for _, text in demultiplex(data)).decode()


async def look_up(box: Box, identity: str, name: str) -> str:
    """The address that a name has inside, "" when it has none."""
    text = await out(box, identity, "nslookup", "-type=a", name)
    found = [line.removeprefix("Address: ") for line in text.splitlines() if line.startswith("Address: ")]
    return found[-1] if found else ""


async def network_events(box: Box, identity: str) -> list[Event]:
    """What networks told of a container so far."""
    found: list[Event] = []
    mark = await box.create("true")
    await box.containers.remove(mark)
    async for event in box.engine.events.subscribe(since=1, until=2**61):
        if event.type == "network" and event.actor.attributes.get("container") == identity:
            found.append(event)
        if event.action == "destroy" and event.actor.id == mark:
            return found
    raise AssertionError("the events ended")


async def address(box: Box, identity: str, name: str) -> str:
    return (await box.containers.inspect(identity)).network_settings.networks[name].ip_address


def test_names_aliases_and_reverse(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        web = await box.running(*SLEEP, name="web", host=HostConfig(network_mode="back"), hostname="www")
        asked = EndpointSettings(aliases=["shop"], links=["web:store"])
        other = await box.create(*SLEEP, name="other", host=HostConfig(network_mode="back"))
        await box.containers.disconnect("back", other)
        await box.containers.connect("back", other, asked)
        await box.containers.start(other)
        own, theirs = await address(box, other, "back"), await address(box, web, "back")
        for name in ("web", "WEB", web[:12], "www", "store"):
            assert await look_up(box, other, name) == theirs, name
        for name in ("other", "shop", other[:12]):
            assert await look_up(box, web, name) == own, name
        assert await look_up(box, web, "store") == ""
        assert "web.back" in await out(box, other, "nslookup", theirs)
        await box.containers.rename(web, "site")
        assert await look_up(box, other, "site") == theirs
        assert await look_up(box, other, "web") == ""
        shown = (await box.containers.inspect(web)).network_settings.networks["back"]
        assert shown.dns_names == ["site", web[:12], "www"]
        await box.containers.stop(web, timeout=0)
        assert await look_up(box, other, "site") == ""

    on(host, tmp_path, work)


def test_default_bridge_has_links_and_no_names(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        bridge = HostConfig(network_mode="bridge")
        more = {"env": ["COLOR=red"], "exposed_ports": {"80/tcp": {}}}
        web = await box.running(*SLEEP, name="web", host=bridge, **more)
        linked = HostConfig(network_mode="bridge", links=["web:db-1"])
        code, text = await box.run("sh", "-c", "cat /etc/hosts /etc/resolv.conf; env", host=linked, name="me")
        theirs = await address(box, web, "bridge")
        assert code == 0
        assert f"{theirs}\tdb-1 {web[:12]} web\n" in text
        assert "127.0.0.11" not in text
        for line in (f"DB_1_PORT=tcp://{theirs}:80", "DB_1_NAME=/me/db-1", "DB_1_ENV_COLOR=red"):
            assert f"{line}\n" in text

    on(host, tmp_path, work)


def test_connected_and_taken_off_while_it_runs(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        subnet = NetworkCreateRequest(name="back")
        await box.engine.networks.create(subnet)
        web = await box.running(*SERVE, name="web", host=published(8080))
        await box.until_logged(web, "ready")
        db = await box.running(*SLEEP, name="db", host=HostConfig(network_mode="back"))
        before = await address(box, web, "bridge")
        assert "127.0.0.11" not in await out(box, web, "cat", "/etc/resolv.conf")
        await box.containers.connect("back", web, EndpointSettings(aliases=["front"]))

        own = await address(box, web, "back")
        assert (before, own) == ("172.17.0.2", "172.18.0.3")
        assert await look_up(box, web, "db") == "172.18.0.2"
        assert await look_up(box, db, "front") == own
        assert "hello" in await out(box, db, "wget", "-q", "-O", "-", "http://front/")
        assert f"{own}\t{web[:12]}\n" in await out(box, web, "cat", "/etc/hosts")
        assert "nameserver 127.0.0.11" in await out(box, web, "cat", "/etc/resolv.conf")
        assert "eth1" in await out(box, web, "ip", "link")
        # "back" comes before "bridge": the default route and the published port are led through it now.
        assert "via 172.18.0.1 dev eth1" in await out(box, web, "ip", "route")
        assert {port.container_ip for port in nftables.ports()} == {own}
        assert b"hello" in await fetch("127.0.0.1", 8080)
        shown = (await box.engine.networks.inspect("back")).containers
        assert shown[web].ipv4_address == f"{own}/16"
        with pytest.raises(Forbidden, match="already exists in network back"):
            await box.containers.connect("back", web)

        client = Client(DirectTransport(Api(box.engine).handle))
        picture = {one.name: one for one in (await client.networks.topology()).networks}
        members = [(one.container_name, one.gateway, len(one.ports)) for one in picture["back"].endpoints]
        assert members == [("db", True, 0), ("web", True, 1)]
        assert [(one.container_name, one.gateway) for one in picture["bridge"].endpoints] == [("web", False)]

        await box.containers.disconnect("back", web)
        assert "via 172.17.0.1 dev eth0" in await out(box, web, "ip", "route")
        assert {port.container_ip for port in nftables.ports()} == {before}
        assert b"hello" in await fetch("127.0.0.1", 8080)
        assert await look_up(box, db, "front") == ""
        assert "eth1" not in await out(box, web, "ip", "link")
        assert own not in await out(box, web, "cat", "/etc/hosts")
        assert "127.0.0.11" not in await out(box, web, "cat", "/etc/resolv.conf")

        await box.containers.disconnect("bridge", web)
        assert nftables.ports() == []
        assert (await box.containers.inspect(web)).network_settings.networks == {}
        await box.containers.connect("back", web)
        assert b"hello" in await fetch("127.0.0.1", 8080)
        told = [(e.action, e.actor.attributes["name"]) for e in await network_events(box, web)]
        assert told == [
            ("connect", "bridge"),
            ("connect", "back"),
            ("disconnect", "back"),
            ("disconnect", "bridge"),
            ("connect", "back"),
        ]

    on(host, tmp_path, work)


def test_addresses_asked_for_and_several_networks_at_a_start(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        for name, subnet, more in (("one", "10.91.0.0/24", {}), ("two", "10.92.0.0/24", {"internal": True})):
            ipam = IPAM(config=[IPAMConfig(subnet=subnet)])
            await network(box, name, ipam=ipam, **more)
        web = await box.create(*SLEEP, name="web", host=HostConfig(network_mode="two"))
        fixed = EndpointIPAMConfig(ipv4_address="10.91.0.77")
        await box.containers.connect(
            "one", web, EndpointSettings(ipam_config=fixed, mac_address="02:00:00:00:00:07")
        )
        await box.containers.start(web)
        text = await out(box, web, "sh", "-c", "ip addr; ip route")
        assert "link/ether 02:00:00:00:00:07" in text
        assert "inet 10.91.0.77/24" in text
        assert "inet 10.92.0.2/24" in text
        assert "default via 10.91.0.1" in text
        # Without a way out nothing is asked of anybody outside.
        await box.containers.disconnect("one", web)
        assert "default" not in await out(box, web, "ip", "route")
        taken = EndpointIPAMConfig(ipv4_address="10.92.0.2")
        with pytest.raises(Invalid, match="subnet"):
            await box.containers.connect("one", web, EndpointSettings(ipam_config=taken))
        assert "eth1" not in await out(box, web, "ip", "link")
        await box.containers.connect("one", web, EndpointSettings(gw_priority=5))
        assert "default via 10.91.0.1" in await out(box, web, "ip", "route")

    on(host, tmp_path, work)


def test_a_restart_by_its_policy_keeps_networks_and_ports(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        policy = replace(published(8080), restart_policy=RestartPolicy(name="always"))
        web = await box.running(*SERVE, name="web", host=policy)
        await box.until_logged(web, "ready")
        await box.containers.connect("back", web)
        first = (await box.containers.inspect(web)).state.pid
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            await box.engine.containers._ctx.changes.until(web, lambda: _pid(box, web) not in (0, first))
        assert "eth1" in await out(box, web, "ip", "link")
        assert await look_up(box, web, "web") == await address(box, web, "back")
        assert "nameserver 127.0.0.11" in await out(box, web, "cat", "/etc/resolv.conf")
        assert {port.host_port for port in nftables.ports()} == {8080}

    on(host, tmp_path, work)


def _pid(box: Box, identity: str) -> int:
    found = box.engine.containers._ctx.book.get(identity)
    return found.pid if found else 0


def test_members_of_a_network_without_icc_reach_only_the_bridge(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "apart", options={"com.docker.network.bridge.enable_icc": "false"})
        apart = HostConfig(network_mode="apart")
        web = await box.running(*SERVE, name="web", host=apart)
        await box.until_logged(web, "ready")
        other = await box.running(*SLEEP, host=apart)
        theirs = await address(box, web, "apart")
        assert await look_up(box, other, "web") == theirs
        assert "hello" not in await out(box, other, "nc", "-w", "1", "-e", "cat", theirs, "80")
        gateway = (await box.containers.inspect(other)).network_settings.networks["apart"].gateway
        assert "1 packets received" in await out(box, other, "ping", "-c", "1", "-w", "2", gateway)
        assert b"hello" in await fetch(theirs, 80)

    on(host, tmp_path, work)


def test_what_cannot_be_connected_is_told(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        alone = await box.running(*SLEEP, host=HostConfig(network_mode="none"))
        with pytest.raises(Invalid, match="private"):
            await box.containers.connect("back", alone)
        partner = await box.create(*SLEEP, host=HostConfig(network_mode=f"container:{alone}"))
        with pytest.raises(Invalid, match="sharing network namespace"):
            await box.containers.connect("back", partner)
        with pytest.raises(Invalid, match="host network"):
            await box.containers.connect("host", alone)
        with pytest.raises(Forbidden, match="is not connected"):
            await box.containers.disconnect("back", alone)
        await box.containers.disconnect("none", alone)
        await box.containers.connect("back", alone)
        assert (await address(box, alone, "back")) == "172.18.0.2"

    on(host, tmp_path, work)


def test_names_and_ports_come_back_with_the_next_engine(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        web = await box.running(*SERVE, name="web", host=replace(published(8080), network_mode="back"))
        other = await box.running(*SLEEP, name="other", host=HostConfig(network_mode="back"))
        await box.until_logged(web, "ready")
        # What a reboot, `nft flush ruleset` and `ip link delete` leave for the next engine.
        bridge = box.engine.networks.get("back").bridge
        nftables.delete_table()
        netlink.delete_link(bridge)
        (box.engine.paths.run / "networks" / box.engine.networks.get("back").id).unlink()
        async with opened_again(tmp_path) as engine:
            assert [line for line in engine.recovered if "published port" in line]
        theirs = await address(box, web, "back")
        assert await look_up(box, other, "web") == theirs
        assert "hello" in await out(box, other, "wget", "-q", "-O", "-", "http://web/")
        assert b"hello" in await fetch("127.0.0.1", 8080)

    on(host, tmp_path, work)


def test_both_families_follow_the_gateway(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        for name, number in (("six", 6), ("more", 7)):
            pools = [IPAMConfig(subnet=f"10.6{number}.0.0/24"), IPAMConfig(subnet=f"fd00:{number}::/64")]
            await network(box, name, enable_ipv6=True, ipam=IPAM(config=pools))
        await network(box, "four")
        web = await box.running(*SLEEP, name="web", host=HostConfig(network_mode="six"))
        other = await box.running(*SLEEP, name="other", host=HostConfig(network_mode="more"))
        fixed = EndpointIPAMConfig(ipv6_address="fd00:7::99")
        await box.containers.connect("more", web, EndpointSettings(ipam_config=fixed, gw_priority=1))
        routes = await out(box, web, "ip", "-6", "route")
        assert "default via fd00:7::1 dev eth1" in routes
        assert "fd00:6::1" not in routes
        assert "1 packets received" in await out(box, other, "ping", "-6", "-c", "1", "-w", "3", "web")
        await box.containers.connect("four", web, EndpointSettings(gw_priority=2))
        assert "default" not in await out(box, web, "ip", "-6", "route")
        await box.containers.disconnect("four", web)
        await box.containers.disconnect("more", web)
        assert "default via fd00:6::1 dev eth0" in await out(box, web, "ip", "-6", "route")
        assert "default via 10.66.0.1 dev eth0" in await out(box, web, "ip", "route")

    on(host, tmp_path, work)


def test_macvlan_members_are_stations_of_the_parents_network(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        netlink.create_bridge("lan0")
        netlink.add_address("lan0", "10.66.0.1/24")
        ipam = IPAM(config=[IPAMConfig(subnet="10.66.0.0/24", gateway="10.66.0.1", ip_range="10.66.0.64/26")])
        await network(box, "lan", driver="macvlan", options={"parent": "lan0"}, ipam=ipam)
        await network(box, "back")
        web = await box.running(*SERVE, name="web", host=HostConfig(network_mode="lan"))
        await box.until_logged(web, "ready")
        other = await box.running(*SLEEP, name="other", host=HostConfig(network_mode="back"))
        await box.containers.connect("lan", other, EndpointSettings(gw_priority=1))
        theirs = await address(box, web, "lan")
        assert theirs == "10.66.0.64"
        assert await look_up(box, other, "web") == theirs
        assert "hello" in await out(box, other, "wget", "-q", "-O", "-", "http://web/")
        assert "default via 10.66.0.1 dev eth1" in await out(box, other, "ip", "route")
        await box.containers.disconnect("lan", other)
        assert "eth1" not in await out(box, other, "ip", "link")
        assert "default via 172.18.0.1" in await out(box, other, "ip", "route")
        with pytest.raises(Invalid, match="parent"):
            await network(box, "loose", driver="macvlan")
        with pytest.raises(NotFound, match="no network interface nope0"):
            await network(box, "lost", driver="macvlan", options={"parent": "nope0"})

    on(host, tmp_path, work)


def test_prune_leaves_nothing_in_the_kernel(host: Namespace, tmp_path: Path) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        web = await box.running(*SLEEP, host=published(8080))
        await box.engine.prune_networks()
        assert nftables.table_exists()
        await box.containers.remove(web, force=True)
        await box.engine.prune_networks()
        assert {link.name for link in netlink.links()} == {"lo"}
        assert not nftables.table_exists()
        assert not nftables.has_user_rules()
        await box.running(*SLEEP, host=published(8080))
        assert [port.host_port for port in nftables.ports()] == [8080]
        assert not nftables.has_user_rules()
        nft = await asyncio.create_subprocess_exec("nft", "add rule inet pydock user counter accept")
        assert await nft.wait() == 0
        assert nftables.has_user_rules()
        for container in await box.containers.list():
            await box.containers.remove(container.id, force=True)
        await box.engine.prune_networks()
        assert nftables.has_user_rules()

    on(host, tmp_path, work)


def opened_again(place: Path) -> Engine:
    """Another engine on the same state root, as the next command is."""
    return Engine(make_paths(place))


@pytest.mark.parametrize("late", [False, True], ids=["before the link", "after the link"])
def test_an_engine_killed_while_it_connects_is_set_right(host: Namespace, tmp_path: Path, late: bool) -> None:
    async def work(box: Box) -> None:
        await network(box, "back")
        web = await box.running(*SLEEP, name="web", host=published(8080))
        context = box.engine.containers._ctx
        found = context.book.find(web)
        wished = replace(found, networks={**found.networks, "back": EndpointSettings()})
        attachment = await networking._rearranged(context, wished)
        if late:
            shown = networking.with_names(wished, attachment)
            await context.runtime.change_network(web, shown, attachment.sockets)
        attachment.close()
        async with opened_again(tmp_path) as engine:
            assert engine.recovered[-1] == "set right which networks container web is on"
        async with opened_again(tmp_path) as engine:
            assert engine.recovered == []
        assert "eth1" not in await out(box, web, "ip", "link")
        assert "via 172.17.0.1 dev eth0" in await out(box, web, "ip", "route")
        assert (await box.engine.networks.inspect("back")).containers == {}
        assert [port.container_ip for port in nftables.ports()] == ["172.17.0.2"]
        await box.containers.connect("back", web)

    on(host, tmp_path, work)
