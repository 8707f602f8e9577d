"""Networks and a container's endpoints on them, as the API shows them."""

from __future__ import annotations

from .wire import Wire, always, fresh, names


class EndpointIPAMConfig(
    Wire,
    rename=names(ipv4_address="IPv4Address", ipv6_address="IPv6Address", link_local_ips="LinkLocalIPs"),
):
    """The addresses that a user asked for."""

    ipv4_address: str = ""
    ipv6_address: str = ""
    link_local_ips: list[str] = []


class EndpointSettings(
    Wire,
    rename=names(
        ipam_config="IPAMConfig",
        network_id="NetworkID",
        endpoint_id="EndpointID",
        ip_address="IPAddress",
        ip_prefix_len="IPPrefixLen",
        ipv6_gateway="IPv6Gateway",
        global_ipv6_address="GlobalIPv6Address",
        global_ipv6_prefix_len="GlobalIPv6PrefixLen",
        dns_names="DNSNames",
    ),
):
    """A container's place on one network: what was asked for, and what it got."""

    ipam_config: EndpointIPAMConfig | None = always(None)
    links: list[str] | None = always(None)
    aliases: list[str] | None = always(None)
    mac_address: str = always("")
    driver_opts: dict[str, str] | None = always(None)
    gw_priority: int = always(0)
    network_id: str = always("")
    endpoint_id: str = always("")
    gateway: str = always("")
    ip_address: str = always("")
    ip_prefix_len: int = always(0)
    ipv6_gateway: str = always("")
    global_ipv6_address: str = always("")
    global_ipv6_prefix_len: int = always(0)
    dns_names: list[str] | None = always(None)


class IPAMConfig(Wire, rename=names(ip_range="IPRange", auxiliary_addresses="AuxiliaryAddresses")):
    """One subnet of a network."""

    subnet: str = ""
    ip_range: str = ""
    gateway: str = ""
    auxiliary_addresses: dict[str, str] = {}


class IPAM(Wire):
    driver: str = always("default")
    options: dict[str, str] | None = always(None)
    config: list[IPAMConfig] | None = always(None)


class ConfigReference(Wire):
    network: str = always("")


class EndpointResource(
    Wire, rename=names(endpoint_id="EndpointID", ipv4_address="IPv4Address", ipv6_address="IPv6Address")
):
    """A container on a network, seen from the network."""

    name: str = always("")
    endpoint_id: str = always("")
    mac_address: str = always("")
    ipv4_address: str = always("")
    ipv6_address: str = always("")


class NetworkInspect(Wire, rename=names(enable_ipv4="EnableIPv4", enable_ipv6="EnableIPv6", ipam="IPAM")):
    """A network; lists show it with `containers` empty."""

    name: str = always("")
    id: str = always("")
    created: str = always("0001-01-01T00:00:00Z")
    scope: str = always("local")
    driver: str = always("bridge")
    enable_ipv4: bool = always(True)
    enable_ipv6: bool = always(False)
    ipam: IPAM = fresh(IPAM)
    internal: bool = always(False)
    attachable: bool = always(False)
    ingress: bool = always(False)
    config_from: ConfigReference = fresh(ConfigReference)
    config_only: bool = always(False)
    containers: dict[str, EndpointResource] = always({})
    options: dict[str, str] | None = always({})
    labels: dict[str, str] | None = always({})


class NetworkCreateRequest(
    Wire, rename=names(enable_ipv4="EnableIPv4", enable_ipv6="EnableIPv6", ipam="IPAM")
):
    name: str = always("")
    driver: str = ""
    scope: str = ""
    enable_ipv4: bool | None = None
    enable_ipv6: bool | None = None
    ipam: IPAM | None = None
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    config_only: bool = False
    config_from: ConfigReference | None = None
    options: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class NetworkCreateResponse(Wire):
    id: str = always("")
    warning: str = always("")


class NetworkConnectRequest(Wire):
    container: str = always("")
    endpoint_config: EndpointSettings | None = None


class NetworkDisconnectRequest(Wire):
    container: str = always("")
    force: bool = False


class NetworksPruneResponse(Wire):
    networks_deleted: list[str] | None = always(None)
