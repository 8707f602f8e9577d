"""Published and exposed ports: `[[ip:][hostPort]:]containerPort[/protocol]`, ranges too."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from ...schema.containers import PortBinding
from ..failure import Failure

_PROTOCOLS = ("tcp", "udp", "sctp")
Bindings = dict[str, list[PortBinding] | None]


def publish(specs: Sequence[str]) -> Bindings:
    """Read `-p` values; raises Failure with docker's words."""
    bindings: Bindings = {}
    for spec in specs:
        pairs = _named(spec) if "=" in spec else _spec(spec)
        for port, binding in pairs:
            bindings.setdefault(port, [])
            found = bindings[port]
            assert found is not None
            found.append(binding)
    return bindings


def expose(specs: Sequence[str]) -> set[str]:
    """Read `--expose` values: a port or a range, with a protocol or tcp; raises Failure."""
    exposed: set[str] = set()
    for spec in specs:
        if ":" in spec:
            raise Failure(f"invalid port format for --expose: {spec}", 125)
        ports, protocol = _protocol(spec)
        try:
            start, end = _range(ports)
        except ValueError as err:
            raise Failure(f"invalid range format for --expose: {spec}, error: {err}", 125) from None
        exposed |= {f"{port}/{protocol}" for port in range(start, end + 1)}
    return exposed


def _spec(spec: str) -> list[tuple[str, PortBinding]]:
    ports, protocol = _protocol(spec)
    address, host, container = _split(ports)
    if not container:
        raise Failure(f"no port specified: {spec}<empty>", 125)
    try:
        start, end = _range(container)
    except ValueError:
        raise Failure(f"invalid containerPort: {container}", 125) from None
    if not host:
        return [(f"{p}/{protocol}", PortBinding(host_ip=address)) for p in range(start, end + 1)]
    try:
        host_start, host_end = _range(host)
    except ValueError:
        raise Failure(f"invalid hostPort: {host}", 125) from None
    if host_end - host_start != end - start:
        if start != end:
            raise Failure(
                f"invalid ranges specified for container and host Ports: {container} and {host}", 125
            )
        # One of a range of host ports, chosen when it starts.
        return [(f"{start}/{protocol}", PortBinding(host_ip=address, host_port=host))]
    return [
        (f"{start + n}/{protocol}", PortBinding(host_ip=address, host_port=str(host_start + n)))
        for n in range(end - start + 1)
    ]


def _split(ports: str) -> tuple[str, str, str]:
    """Return address, host port and container port; an IPv6 address stands in brackets."""
    rest, _, container = ports.rpartition(":")
    if not rest:
        return "", "", container
    address, _, host = rest.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if address:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Failure(f"invalid IP address: {address}", 125) from None
    return address, host, container


def _protocol(spec: str) -> tuple[str, str]:
    ports, slash, protocol = spec.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in _PROTOCOLS:
        raise Failure(f"invalid proto: {protocol}", 125)
    return ports, protocol


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    start, end = _port(first), _port(last if dash else first)
    if end < start:
        raise ValueError(f"invalid range specified for port: {text}")
    return start, end


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError(f"invalid port: {text}")
    return int(text)


def _named(spec: str) -> list[tuple[str, PortBinding]]:
    """Read the long form: `target=80,published=8080,protocol=tcp`."""
    values = {}
    for part in spec.split(","):
        key, equals, value = part.partition("=")
        if not equals or key not in ("target", "published", "protocol", "mode"):
            raise Failure(f"invalid field {part}", 125)
        values[key] = value
    protocol = values.get("protocol", "tcp")
    return _spec(f"{values.get('published', '')}:{values.get('target', '')}/{protocol}")
