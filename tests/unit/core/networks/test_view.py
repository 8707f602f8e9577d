from __future__ import annotations

import pytest

from pydock.core.errors import Invalid
from pydock.core.filters import Filters
from pydock.core.networks import view
from pydock.core.networks.record import Endpoint, Network, Subnet
from pydock.core.schema.networks import EndpointResource

BRIDGE = Network(id="1" * 64, name="bridge", driver="bridge", created=0, default=True)
BACK = Network(id="2" * 64, name="back", driver="bridge", created=1_000_000_000, labels={"tier": "db"})
FRONT = Network(id="3" * 64, name="front", driver="bridge", created=0)
ALL = [BRIDGE, BACK, FRONT]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["bridge", "back", "front"]),
        ({"name": ("a",)}, ["back"]),
        ({"name": ("back", "front")}, ["back", "front"]),
        ({"id": ("22",)}, ["back"]),
        ({"type": ("builtin",)}, ["bridge"]),
        ({"type": ("custom",)}, ["back", "front"]),
        ({"driver": ("host",)}, []),
        ({"scope": ("swarm",)}, []),
        ({"label": ("tier=db",)}, ["back"]),
        ({"dangling": ("true",)}, ["front"]),
        ({"dangling": ("false",)}, ["bridge", "back"]),
    ],
)
def test_filters(filters: dict[str, tuple[str, ...]], names: list[str]) -> None:
    assert [one.name for one in view.select(ALL, {BACK.id}, Filters(filters))] == names


@pytest.mark.parametrize("filters", [{"type": ("odd",)}, {"colour": ("red",)}, {"dangling": ("perhaps",)}])
def test_wrong_filters(filters: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(Invalid):
        view.select(ALL, (), Filters(filters))


def test_inspect_lists_containers_with_their_addresses() -> None:
    network = Network(
        id="4" * 64,
        name="back",
        driver="bridge",
        created=1_000_000_000,
        subnets=[Subnet(subnet="10.5.0.0/16", gateway="10.5.0.1")],
    )
    endpoint = Endpoint(
        id="e",
        network_id="4" * 64,
        container_id="c",
        container_name="web",
        mac="02:42",
        address4="10.5.0.2/16",
    )
    shown = view.inspect(network, [endpoint])
    assert shown.created == "1970-01-01T00:00:01Z"
    assert shown.containers == {
        "c": EndpointResource(name="web", endpoint_id="e", mac_address="02:42", ipv4_address="10.5.0.2/16")
    }
    assert shown.ipam.config is not None
    assert [(one.subnet, one.gateway) for one in shown.ipam.config] == [("10.5.0.0/16", "10.5.0.1")]
