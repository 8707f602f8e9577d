from __future__ import annotations

import pytest
from msgspec.structs import replace

from pydock.core.networks import settings
from pydock.core.networks.record import Endpoint, HostPort, Network, Subnet
from pydock.core.networks.topology import picture
from pydock.core.schema.topology import TopologyEndpoint, TopologyPort

BACK = Network(
    id="2" * 64,
    name="back",
    driver="bridge",
    created=0,
    bridge="pdb-2",
    subnets=[Subnet(subnet="10.5.0.0/16", gateway="10.5.0.1")],
)


@pytest.mark.parametrize(
    ("network", "reach"),
    [
        (BACK, "members host outside masqueraded"),
        (replace(BACK, internal=True), "members host"),
        (replace(BACK, options={settings.ICC: "false"}), "host outside masqueraded"),
        (replace(BACK, options={settings.GATEWAY_MODE4: "routed"}), "members host outside inward"),
        (replace(BACK, options={settings.GATEWAY_MODE4: "isolated"}), "members"),
        (replace(BACK, options={settings.MASQUERADE: "false"}), "members host outside"),
        (replace(BACK, driver="host"), "members host outside inward"),
        (replace(BACK, driver="null"), ""),
    ],
)
def test_what_reaches_what(network: Network, reach: str) -> None:
    (drawn,) = picture([network], [], {})
    told = {
        "members": drawn.between_members,
        "host": drawn.from_host,
        "outside": drawn.outside,
        "masqueraded": drawn.masqueraded,
        "inward": drawn.from_outside,
    }
    assert " ".join(word for word, true in told.items() if true) == reach


def test_members_with_addresses_names_and_ports() -> None:
    port = HostPort(protocol="tcp", host_ip="", host_port=8080, container_ip="10.5.0.2", container_port=80)
    web = Endpoint(
        id="e" * 64,
        network_id=BACK.id,
        container_id="c" * 64,
        container_name="web",
        interface="eth0",
        mac="02:42:0a:05:00:02",
        address4="10.5.0.2/16",
        ports=[port],
        names=["web", "c" * 12],
        gateway=True,
    )
    other = replace(BACK, id="3" * 64, name="another")
    drawn = picture([BACK, other], [web], {"c" * 64: ["d" * 64]})
    assert [one.name for one in drawn] == ["another", "back"]
    assert (drawn[0].endpoints, drawn[1].link, drawn[1].gateways) == ([], "pdb-2", ["10.5.0.1"])
    assert drawn[1].endpoints == [
        TopologyEndpoint(
            container_id="c" * 64,
            container_name="web",
            interface="eth0",
            mac_address="02:42:0a:05:00:02",
            addresses=["10.5.0.2/16"],
            dns_names=["web", "c" * 12],
            gateway=True,
            ports=[TopologyPort(host_port=8080, container_port=80)],
            shared_by=["d" * 64],
        )
    ]
