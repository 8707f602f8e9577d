from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from pydock.core.linux.netlink import Link
from pydock.core.linux.nftables import Port
from pydock.core.networks.mend import Kernel, Mending, plan
from pydock.core.networks.record import Endpoint, HostPort, Network, Subnet

BRIDGE = Network(
    id="n" * 64,
    name="bridge",
    driver="bridge",
    created=0,
    bridge="pydock0",
    subnets=[Subnet(subnet="172.17.0.0/16", gateway="172.17.0.1")],
)
NONE = Network(id="0" * 64, name="none", driver="null", created=0)
WEB = Endpoint(
    id="e" * 64,
    network_id=BRIDGE.id,
    container_id="web",
    container_name="web",
    host_interface="pdkaaaaweb",
    address4="172.17.0.2/16",
    ports=[
        HostPort(protocol="tcp", host_ip="", host_port=8080, container_ip="172.17.0.2", container_port=80)
    ],
)
PORT = Port("tcp", "", 8080, "172.17.0.2", 80)


def link(name: str, number: int, kind: str = "veth", master: int = 0) -> Link:
    return Link(number, name, kind, "", 1500, master, True)


def kernel(*links: Link, table: bool = True, ports: tuple[Port, ...] = ()) -> Kernel:
    return Kernel({one.name: one for one in links}, table, ports)


GOOD = kernel(link("pydock0", 5, "bridge"), link("pdkaaaaweb", 7, master=5), ports=(PORT,))


def wanted(*live: str, endpoints: tuple[Endpoint, ...] = (WEB,)) -> Mending:
    return Mending([BRIDGE, NONE], endpoints, frozenset(live), mark="pdkaaaa")


def test_nothing_to_do_when_all_is_there() -> None:
    todo = plan(wanted("web"), GOOD)
    assert (todo.bridges, todo.masters, todo.withdraw, todo.publish, todo.stale_links) == ((), (), (), (), ())


def test_nothing_is_made_for_no_container() -> None:
    todo = plan(wanted(endpoints=()), kernel(table=False))
    assert (todo.bridges, todo.firewall) == ((), False)


def test_deleted_bridge_and_its_lost_links() -> None:
    todo = plan(wanted("web"), kernel(link("pdkaaaaweb", 7)))
    assert (todo.bridges, todo.masters, todo.publish) == ((BRIDGE,), (("pdkaaaaweb", "pydock0"),), (PORT,))


def test_dead_containers_link_and_port_go() -> None:
    todo = plan(wanted(), GOOD)
    assert (todo.withdraw, todo.stale_links) == ((PORT,), ("pdkaaaaweb",))


@pytest.mark.parametrize(
    "foreign",
    [link("pdkbbbbother", 9, master=8), link("pdkaaaadummy", 9, kind="dummy"), link("eth0", 9, kind="")],
)
def test_others_links_stay(foreign: Link) -> None:
    assert plan(wanted(), kernel(foreign)).stale_links == ()


def test_others_ports_stay() -> None:
    assert plan(wanted(), kernel(ports=(Port("tcp", "", 1, "10.0.0.2", 1),))).withdraw == ()


def test_young_endpoint_counts_as_live() -> None:
    young = replace(WEB, created=time.time_ns())
    assert wanted(endpoints=(young,)).stale_endpoints() == []
    assert wanted(endpoints=(WEB,)).stale_endpoints() == [WEB]


def test_younger_of_two_claims_has_the_port() -> None:
    later = replace(
        WEB,
        id="f" * 64,
        container_id="next",
        created=5,
        ports=[replace(WEB.ports[0], container_ip="172.17.0.3")],
    )
    todo = plan(wanted("web", "next", endpoints=(later, WEB)), kernel(ports=(PORT,)))
    assert todo.withdraw == (PORT,)
    assert todo.publish == (PORT._replace(container_ip="172.17.0.3"),)
