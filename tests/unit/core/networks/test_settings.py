from __future__ import annotations

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from pydock.core.config import Config
from pydock.core.errors import Conflict, Forbidden, Invalid, PydockError, Unsupported
from pydock.core.networks import settings
from pydock.core.networks.record import Network, Subnet
from pydock.core.schema.networks import IPAM, IPAMConfig, NetworkCreateRequest

POOLS = Config().default_address_pools
OTHER = Network(
    id="b" * 64,
    name="back",
    driver="bridge",
    created=0,
    bridge="pdb-b",
    subnets=[Subnet(subnet="172.17.0.0/16")],
)


def made(request: NetworkCreateRequest, others: list[Network] | None = None) -> Network:
    return settings.new_network(request, "a" * 64, 1, POOLS, others or [], [])


def with_subnet(**more: object) -> NetworkCreateRequest:
    config = replace(IPAMConfig(subnet="10.5.0.0/16"), **more)
    return NetworkCreateRequest(name="front", ipam=IPAM(config=[config]))


def test_network_gets_a_bridge_and_the_next_free_subnet() -> None:
    network = made(NetworkCreateRequest(name="front"), [OTHER])
    assert network.bridge == "pdb-aaaaaaaaaaa"
    assert len(network.bridge) == 15
    assert network.subnets == [Subnet(subnet="172.18.0.0/16", gateway="172.18.0.1")]


def test_routes_of_the_machine_are_avoided() -> None:
    request = NetworkCreateRequest(name="front")
    network = settings.new_network(request, "a" * 64, 1, POOLS, [], [ip_network("172.17.0.0/24")])
    assert network.subnets[0].subnet == "172.18.0.0/16"


def test_described_subnet_is_kept_as_it_is() -> None:
    request = with_subnet(
        ip_range="10.5.4.0/24", gateway="10.5.0.254", auxiliary_addresses={"nas": "10.5.0.9"}
    )
    assert made(request).subnets == [
        Subnet(
            subnet="10.5.0.0/16",
            gateway="10.5.0.254",
            ip_range="10.5.4.0/24",
            auxiliary={"nas": "10.5.0.9"},
            chosen=True,
        )
    ]


def test_ipv6_network_gets_a_subnet_of_each_family() -> None:
    network = made(NetworkCreateRequest(name="front", enable_ipv6=True))
    assert [subnet.version for subnet in network.subnets] == [4, 6]
    alone = made(NetworkCreateRequest(name="front", enable_ipv4=False, enable_ipv6=True))
    assert [subnet.version for subnet in alone.subnets] == [6]


REFUSED: list[tuple[NetworkCreateRequest, type[PydockError]]] = [
    (NetworkCreateRequest(name="bridge"), Forbidden),
    (NetworkCreateRequest(name="none"), Forbidden),
    (NetworkCreateRequest(name="back"), Conflict),
    (NetworkCreateRequest(name="-rm"), Invalid),
    (NetworkCreateRequest(name=" "), Invalid),
    (NetworkCreateRequest(name="a\nb"), Invalid),
    (NetworkCreateRequest(name="front", driver="host"), Forbidden),
    (NetworkCreateRequest(name="front", driver="overlay"), Unsupported),
    (NetworkCreateRequest(name="front", ipam=IPAM(driver="dhcp")), Unsupported),
    (NetworkCreateRequest(name="front", options={settings.BRIDGE_NAME: "pdb-b"}), Forbidden),
    (NetworkCreateRequest(name="front", options={settings.BRIDGE_NAME: "a/b"}), Invalid),
    (NetworkCreateRequest(name="front", options={settings.BRIDGE_NAME: "x" * 16}), Invalid),
    (NetworkCreateRequest(name="front", options={settings.MTU: "big"}), Invalid),
    (NetworkCreateRequest(name="front", options={settings.ICC: "maybe"}), Invalid),
    (NetworkCreateRequest(name="front", options={settings.GATEWAY_MODE4: "magic"}), Invalid),
    (with_subnet(subnet="172.17.4.0/24"), Forbidden),
    (with_subnet(gateway="10.6.0.1"), Invalid),
    (with_subnet(ip_range="10.6.0.0/24"), Invalid),
    (with_subnet(auxiliary_addresses={"nas": "1.2.3.4"}), Invalid),
    (with_subnet(subnet="10.5.0.1/16"), Invalid),
]


@pytest.mark.parametrize(("request_", "error"), REFUSED)
def test_refused_requests(request_: NetworkCreateRequest, error: type[PydockError]) -> None:
    with pytest.raises(error):
        made(request_, [OTHER])


def test_options_are_read() -> None:
    options = settings.bridge_options(
        {
            settings.MASQUERADE: "false",
            settings.ICC: "0",
            settings.MTU: "9000",
            settings.HOST_BINDING: "127.0.0.1",
            settings.INTERFACE_PREFIX: "net",
            "unknown": "kept",
        }
    )
    assert options == settings.BridgeOptions(
        masquerade=False, icc=False, mtu=9000, host_binding="127.0.0.1", interface_prefix="net"
    )
    assert settings.bridge_options({settings.HOST_BINDING: "0.0.0.0"}).host_binding == ""


def test_predefined_networks_are_dockers() -> None:
    bridge = settings.predefined("bridge", "a" * 64, 1, "pydock0", POOLS, [], [])
    assert (bridge.driver, bridge.bridge, bridge.subnets[0].gateway) == ("bridge", "pydock0", "172.17.0.1")
    none = settings.predefined("none", "a" * 64, 1, "pydock0", POOLS, [], [])
    assert (none.driver, none.bridge, none.subnets) == ("null", "", [])


def test_macvlan_needs_a_parent_and_a_mode_of_the_kernels() -> None:
    options = {"parent": "eth0", "macvlan_mode": "vepa"}
    lan = made(NetworkCreateRequest(name="lan", driver="macvlan", options=options))
    assert (lan.driver, lan.bridge, lan.parent) == ("macvlan", "", "eth0")
    with pytest.raises(Invalid, match="parent=eth0"):
        made(NetworkCreateRequest(name="lan", driver="macvlan"))
    with pytest.raises(Invalid, match="unknown macvlan mode: odd"):
        made(NetworkCreateRequest(name="lan", driver="macvlan", options={**options, "macvlan_mode": "odd"}))
