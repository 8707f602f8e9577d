from __future__ import annotations

import pytest
from msgspec.structs import replace

from pydock.core.errors import Conflict, Exhausted, Forbidden, Invalid
from pydock.core.networks import endpoints
from pydock.core.networks.endpoints import Place
from pydock.core.networks.record import Endpoint, Network, Subnet
from pydock.core.runtime.records import Interface
from pydock.core.schema.networks import EndpointIPAMConfig, EndpointSettings

WEB = endpoints.Who("c" * 64, "web", "cafe")


def network(name: str, **more: object) -> Network:
    subnets = [Subnet(subnet="10.5.0.0/16", gateway="10.5.0.1", auxiliary={"nas": "10.5.0.2"}, chosen=True)]
    return replace(
        Network(id=name * 8, name=name, driver="bridge", created=0, bridge=f"pdb-{name}", subnets=subnets),
        **more,
    )


def place(net: Network, **asked: object) -> Place:
    return Place(net.name, net, replace(EndpointSettings(), **asked))


def endpoint(where: Place, taken: tuple[str, ...] = (), number: int = 0) -> Endpoint:
    return endpoints.new_endpoint(where, "e" * 64, WEB, number, taken)


def test_lowest_address_that_is_neither_gateway_nor_reserved() -> None:
    got = endpoint(place(network("back")), ("10.5.0.3",))
    assert (got.address4, got.mac) == ("10.5.0.4/16", "02:42:0a:05:00:04")
    assert (got.interface, got.host_interface) == ("eth0", "pdkeeeeeeeeeeee")


def test_wanted_address_and_mac_are_given() -> None:
    config = EndpointIPAMConfig(ipv4_address="10.5.7.7")
    where = place(network("back"), ipam_config=config, mac_address="02-AA-BB-CC-DD-EE")
    got = endpoint(where, number=2)
    assert (got.address4, got.mac, got.interface) == ("10.5.7.7/16", "02:aa:bb:cc:dd:ee", "eth2")
    with pytest.raises(Conflict, match="already in use"):
        endpoint(where, ("10.5.7.7",))


@pytest.mark.parametrize("mac", ["01:00:00:00:00:01", "02:42", "02:42:zz:00:00:00", "02:42:ac:11:00:02:03"])
def test_wrong_mac_is_refused(mac: str) -> None:
    with pytest.raises(Invalid, match="MAC"):
        endpoint(place(network("back"), mac_address=mac))


@pytest.mark.parametrize("name", ["lo", "..", "a/b", "a b", "x" * 16])
def test_wrong_interface_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="interface"):
        endpoint(place(network("back"), driver_opts={endpoints.INTERFACE_NAME: name}))


def test_second_subnet_is_used_when_the_first_is_full() -> None:
    small = [
        Subnet(subnet="10.5.0.0/30", gateway="10.5.0.1"),
        Subnet(subnet="10.6.0.0/30", gateway="10.6.0.1"),
    ]
    where = place(network("back", subnets=small))
    assert endpoint(where, ("10.5.0.2",)).address4 == "10.6.0.2/30"
    with pytest.raises(Exhausted):
        endpoint(where, ("10.5.0.2", "10.6.0.2"))


def test_host_and_none_have_no_interface() -> None:
    got = endpoint(place(network("host", driver="host", subnets=[], default=True)))
    assert (got.interface, got.address4, got.mac) == ("", "", "")


def test_static_address_needs_a_user_defined_network_with_a_chosen_subnet() -> None:
    config = EndpointIPAMConfig(ipv4_address="10.5.0.7")
    for refused in (network("bridge", default=True), network("back", subnets=[Subnet(subnet="10.5.0.0/16")])):
        with pytest.raises(Invalid, match="user specified IP address"):
            endpoints.check([place(refused, ipam_config=config)])
    endpoints.check([place(network("back"), ipam_config=config)])


def test_host_and_none_stand_alone() -> None:
    for driver in ("host", "null"):
        with pytest.raises(Invalid, match="multiple networks"):
            endpoints.check([place(network("one", driver=driver)), place(network("back"))])


def test_gateway_is_the_network_that_leads_out() -> None:
    back, front = place(network("a", internal=True)), place(network("b"))
    wished = place(network("z"), gw_priority=1)
    assert endpoints.gateway_place([back, front]) is front
    assert endpoints.gateway_place([back, front, wished]) is wished
    assert endpoints.gateway_place([back]) is None


def test_interface_for_the_shim() -> None:
    where = place(network("back"))
    got = endpoint(where)
    assert endpoints.interface(where.network, got, default_route=True) == Interface(
        host_name="pdkeeeeeeeeeeee",
        bridge="pdb-back",
        name="eth0",
        mac="02:42:0a:05:00:03",
        addresses=("10.5.0.3/16",),
        gateway4="10.5.0.1",
    )
    assert endpoints.interface(where.network, got, default_route=False).gateway4 == ""


def test_inspect_shows_names_on_user_defined_networks_only() -> None:
    where = place(network("back"), aliases=["db", "web"])
    shown = endpoints.settings(where, endpoint(where))
    assert shown.dns_names == ["web", "db", "cccccccccccc", "cafe"]
    assert (shown.ip_address, shown.ip_prefix_len, shown.gateway) == ("10.5.0.3", 16, "10.5.0.1")
    default = place(network("bridge", default=True))
    assert endpoints.settings(default, endpoint(default)).dns_names is None


def test_networks_are_found_by_name_id_and_unique_beginning() -> None:
    nets = [network("abc"), network("abd"), network("ab")]
    assert endpoints.find("abd", nets) is nets[1]
    assert endpoints.find("abcabc", nets) is nets[0]
    assert endpoints.find("ab", nets) is nets[2]
    assert endpoints.find("zz", nets) is None
    with pytest.raises(Invalid, match="ambiguous"):
        endpoints.find("a", nets)


def test_used_and_predefined_networks_may_not_be_removed() -> None:
    with pytest.raises(Forbidden, match="pre-defined"):
        endpoints.require_unused(network("bridge", default=True), [])
    with pytest.raises(Forbidden, match='name:"web"'):
        endpoints.require_unused(network("back"), [endpoint(place(network("back")))])


def test_mode_default_is_bridge_and_comes_first() -> None:
    asked = endpoints.asked_of(
        "default", {"back": EndpointSettings(), "bridge": EndpointSettings(gw_priority=3)}
    )
    assert list(asked) == ["bridge", "back"]
    assert asked["bridge"].gw_priority == 3


def test_mode_that_was_left_stays_left_while_another_is_there() -> None:
    assert list(endpoints.asked_of("bridge", {"back": EndpointSettings()})) == ["back"]
    assert list(endpoints.asked_of("bridge", {})) == ["bridge"]


def test_lowest_free_interface_number() -> None:
    assert endpoints.free_number([]) == 0
    assert endpoints.free_number(["eth0", "eth2", "lan"]) == 1


def test_renamed_container_is_found_by_its_new_name_alone() -> None:
    back = network("back")
    before = endpoint(place(back, aliases=["shop"]))
    after = endpoints.renamed(before, back, "web", "site")
    assert (before.names[0], after.names[0], after.names[1:]) == ("web", "site", before.names[1:])
    assert (after.container_name, after.reverse_name) == ("site", "site.back")


def test_a_macvlan_is_a_station_of_its_parent() -> None:
    lan = network("lan", driver="macvlan", bridge="", options={"parent": "eth7"})
    where = place(lan)
    made = endpoints.interface(lan, endpoint(where), default_route=True)
    assert (made.parent, made.parent_mode, made.host_name, made.gateway4) == (
        "eth7",
        "bridge",
        "",
        "10.5.0.1",
    )
    assert endpoints.gateway_place([where]) is where
