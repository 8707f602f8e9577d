"""Addresses to listen on, taken apart: unix://PATH, tcp://HOST:PORT, fd:// (pure).

Who reaches the API is root on this machine. So TCP wants TLS that asks clients for a certificate, unless the
settings say in so many words that it must be without.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import Invalid
from .settings import Settings

_PLAIN, _ENCRYPTED = 2375, 2376


@dataclass(frozen=True, slots=True)
class Unix:
    path: Path


@dataclass(frozen=True, slots=True)
class Tcp:
    """`host` is an address or a name; port 0 lets the kernel choose."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Handed:
    """Sockets that systemd (or whoever started this) made: LISTEN_FDS."""


Address = Unix | Tcp | Handed


def parse(text: str, encrypted: bool = True) -> Address:
    """Read an address as -H has it; raises Invalid."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "tcp", text
    match scheme:
        case "unix" if rest.startswith("/"):
            return Unix(Path(rest))
        case "tcp":
            return _tcp(text, rest, encrypted)
        case "fd" if rest in ("", "*"):
            return Handed()
    raise Invalid(f"invalid address to listen on: {text}: it must be unix:///PATH, tcp://HOST:PORT or fd://")


def _tcp(text: str, rest: str, encrypted: bool) -> Tcp:
    try:
        url = urlsplit(f"tcp://{rest}")
        host, port = url.hostname or "localhost", url.port
    except ValueError as err:
        raise Invalid(f"invalid address to listen on: {text}: {err}") from err
    if url.username is not None or url.path not in ("", "/") or url.query or url.fragment:
        raise Invalid(f"invalid address to listen on: {text}: it must be tcp://HOST:PORT")
    return Tcp(host, port if port is not None else _ENCRYPTED if encrypted else _PLAIN)


def encrypted(settings: Settings) -> bool:
    """Tell whether TCP is TLS."""
    return bool(settings.tls or settings.tlsverify)


def check(addresses: list[Address], settings: Settings) -> None:
    """Raise Invalid when TCP would be open to whoever connects, and nobody asked for that."""
    if settings.tlsverify:
        return
    for address in addresses:
        if not isinstance(address, Tcp):
            continue
        if not settings.tls and settings.tls is not False:
            raise Invalid(
                f"refusing to listen on {shown(address)} without TLS: whoever connects is root on this "
                "machine: use --tlsverify with --tlscacert, --tlscert and --tlskey, or say --tls=false"
            )
        if settings.tls and settings.tlsverify is None:
            raise Invalid(
                f"refusing to listen on {shown(address)} without asking clients for a certificate: "
                "use --tlsverify, or say --tlsverify=false"
            )


def shown(address: Address) -> str:
    match address:
        case Unix(path):
            return f"unix://{path}"
        case Tcp(host, port):
            return f"tcp://[{host}]:{port}" if _is_ipv6(host) else f"tcp://{host}:{port}"
        case Handed():
            return "fd://"


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
