"""Published ports: what was asked for -> host ports, each held by a socket so that nobody else takes it.

The sockets are only bound. Packets never reach them, since the firewall leads them on before; they hold the
port against other programs and other engines, for as long as the shim keeps them.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType

from msgspec.structs import replace

from ..errors import Conflict, Invalid, Unsupported
from ..schema.containers import PortBinding
from .record import HostPort

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM, "sctp": socket.SOCK_STREAM}
_PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "sctp": socket.IPPROTO_SCTP}
_EPHEMERAL_ATTEMPTS = 50
_LARGEST = 65535

Holder = Callable[[str, str, int], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container's port to be published, on one of the host ports `first` to `last` (0: any free one).

    `host_ip` is "" for all addresses of both families.
    """

    container_port: int
    protocol: str
    host_ip: str = ""
    first: int = 0
    last: int = 0

    @property
    def key(self) -> str:
        return f"{self.container_port}/{self.protocol}"


def wanted_ports(
    bindings: Mapping[str, Sequence[PortBinding] | None],
    exposed: Collection[str] = (),
    publish_all: bool = False,
    default_ip: str = "",
) -> list[Wanted]:
    """Read what was asked for, in the order in which ports must be taken: fixed ones, ranges, any.

    `default_ip` stands where no address is named. Raises Invalid.
    """
    wanted = [
        _wanted(port, binding, default_ip)
        for port, several in bindings.items()
        for binding in (several or [PortBinding()])
    ]
    if publish_all:
        bound = {one.key for one in wanted}
        everything = (_wanted(port, PortBinding(), default_ip) for port in exposed)
        wanted += [one for one in everything if one.key not in bound]
    return sorted(
        wanted, key=lambda one: (one.first == 0, one.last - one.first, one.first, one.container_port)
    )


def _wanted(port: str, binding: PortBinding, default_ip: str) -> Wanted:
    number, _, protocol = port.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _KINDS:
        raise Invalid(f"invalid protocol: {protocol}")
    first, dash, last = binding.host_port.partition("-")
    wanted = Wanted(
        container_port=_number(number, port),
        protocol=protocol,
        host_ip=_host_ip(binding.host_ip or default_ip),
        first=_number(first, binding.host_port) if binding.host_port else 0,
        last=_number(last if dash else first, binding.host_port) if binding.host_port else 0,
    )
    if wanted.container_port == 0 or wanted.last < wanted.first:
        raise Invalid(f"invalid port specification: '{binding.host_port or port}'")
    return wanted


def _number(text: str, whole: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > _LARGEST:
        raise Invalid(f"invalid port specification: '{whole}'")
    return int(text)


def _host_ip(text: str) -> str:
    """An address in its usual form; "0.0.0.0" and "::" stay: they mean one family."""
    if not text:
        return ""
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError as err:
        raise Invalid(f"invalid IP address in port binding: {text}") from err


class Reservation:
    """Host ports held by sockets; a context manager that lets them go on an error."""

    def __init__(self) -> None:
        self.ports: list[HostPort] = []
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.close()

    def close(self) -> None:
        """Let all ports go."""
        for one in self.sockets:
            one.close()
        self.sockets.clear()

    def detach(self) -> list[int]:
        """Hand the sockets' descriptors to the caller."""
        descriptors = [one.detach() for one in self.sockets]
        self.sockets.clear()
        return descriptors

    def take(self, wanted: Wanted, ip4: str, ip6: str, holder: Holder) -> None:
        """Take a host port for a container with these addresses ("" for a family that it lacks).

        `holder` names the container that has a port already, or returns "". Raises Conflict when no wanted
        port is free, Invalid for a host address that this machine does not have, Unsupported for an address
        of a family that the container lacks.
        """
        targets = _targets(wanted, ip4, ip6)
        for number in _candidates(wanted):
            try:
                self._bind(wanted, number, targets)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise _refused(wanted, number, error) from error
            else:
                return
        raise _taken(wanted, holder)

    def _bind(self, wanted: Wanted, number: int, targets: Sequence[tuple[str, str]]) -> None:
        """Bind one port for every family, or none of them."""
        held: list[socket.socket] = []
        try:
            for host_ip, _container_ip in targets:
                one = _bound(wanted.protocol, host_ip, number)
                if one is not None:
                    held.append(one)
                    number = number or one.getsockname()[1]
        except OSError:
            for one in held:
                one.close()
            raise
        self.sockets += held
        for host_ip, container_ip in targets:
            everywhere = host_ip in ("0.0.0.0", "::")
            self.ports.append(
                HostPort(
                    protocol=wanted.protocol,
                    host_ip="" if everywhere else host_ip,
                    host_port=number,
                    container_ip=container_ip,
                    container_port=wanted.container_port,
                )
            )


def _targets(wanted: Wanted, ip4: str, ip6: str) -> list[tuple[str, str]]:
    """Pairs of host and container address, one a family."""
    if not wanted.host_ip:
        return [pair for pair in (("0.0.0.0", ip4), ("::", ip6)) if pair[1]]
    container_ip = ip6 if ":" in wanted.host_ip else ip4
    if not container_ip:
        family = "IPv6" if ":" in wanted.host_ip else "IPv4"
        raise Unsupported(
            f"cannot publish port {wanted.key} on {wanted.host_ip}: the container's network has no {family}"
        )
    return [(wanted.host_ip, container_ip)]


def _candidates(wanted: Wanted) -> Iterator[int]:
    if wanted.first == 0:
        # 0 asks the kernel, which knows its range and what an administrator has reserved; it chooses for one
        # family, so for both several attempts may be needed.
        yield from [0] * _EPHEMERAL_ATTEMPTS
    else:
        yield from range(wanted.first, wanted.last + 1)


def _bound(protocol: str, host_ip: str, number: int) -> socket.socket | None:
    """A bound socket; None when this kernel has no sockets of the protocol (then only our table knows it)."""
    family = socket.AF_INET6 if ":" in host_ip else socket.AF_INET
    try:
        one = socket.socket(family, _KINDS[protocol], _PROTOCOLS[protocol])
    except OSError as error:
        if protocol == "sctp" and number and error.errno == errno.EPROTONOSUPPORT:
            return None
        raise
    try:
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host_ip, number))
    except OSError:
        one.close()
        raise
    return one


def _refused(wanted: Wanted, number: int, error: OSError) -> Invalid:
    where = f"{wanted.host_ip or '0.0.0.0'}:{number}/{wanted.protocol}"
    return Invalid(f"failed to bind host port {where}: {os.strerror(error.errno or 0).lower()}")


def _taken(wanted: Wanted, holder: Holder) -> Conflict:
    host_ip = wanted.host_ip or "0.0.0.0"
    shown = f"[{host_ip}]" if ":" in host_ip else host_ip
    if wanted.first == 0:
        return Conflict(f"Bind for {shown}:0 failed: no free port")
    if wanted.last > wanted.first:
        return Conflict(f"Bind for {shown}:{wanted.first}-{wanted.last} failed: all ports are allocated")
    name = holder(wanted.protocol, host_ip, wanted.first)
    by = f" by container {name}" if name else ""
    return Conflict(f"Bind for {shown}:{wanted.first} failed: port is already allocated{by}")


def moved(ports: Iterable[HostPort], ip4: str, ip6: str) -> list[HostPort]:
    """Return published ports as they lead to these addresses; one of a family without address is dropped."""
    found = ((port, ip6 if ":" in port.container_ip else ip4) for port in ports)
    return [replace(port, container_ip=address) for port, address in found if address]


def same_place(port: HostPort, protocol: str, host_ip: str, number: int) -> bool:
    """Tell whether a published port stands in the way of another."""
    if (port.protocol, port.host_port) != (protocol, number):
        return False
    every = {"", "0.0.0.0", "::"}
    return port.host_ip == host_ip or port.host_ip in every or host_ip in every


def port_map(ports: Sequence[HostPort], exposed: Collection[str]) -> dict[str, list[PortBinding] | None]:
    """Return NetworkSettings.Ports: every exposed port, with its bindings or null."""
    shown: dict[str, list[PortBinding] | None] = dict.fromkeys(sorted(exposed))
    for port in ports:
        anywhere = "::" if ":" in port.container_ip else "0.0.0.0"
        key = f"{port.container_port}/{port.protocol}"
        binding = PortBinding(host_ip=port.host_ip or anywhere, host_port=str(port.host_port))
        shown[key] = [*(shown.get(key) or []), binding]
    return shown
