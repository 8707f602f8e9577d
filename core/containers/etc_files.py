"""The files over a container's /etc, in its directory: written at a start, brought up to date while it runs.

What a container itself wrote into them stays; only lines that an engine wrote are taken out again.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..schema.containers import HostConfig
from ..schema.networks import EndpointSettings
from . import etc
from .context import Context
from .links import Link
from .record import Container
from .spec.facts import Etc
from .spec.namespaces import partner

_HOST_RESOLV = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
# A container may write what it likes into its files; more than this is left alone.
_LARGEST = 1 << 20

Endpoints = Mapping[str, EndpointSettings]


def write(
    ctx: Context, container: Container, hostname: str, endpoints: Endpoints, links: Sequence[Link] = ()
) -> Etc:
    """Write hosts, hostname and resolv.conf below the container's directory, and name them."""
    if name := partner(container.host_config.network_mode):
        other = ctx.paths.container(ctx.book.find(name).id)
        return _etc(other)
    directory = ctx.paths.container(container.id)
    for name, text in (
        ("hosts", _hosts(container, hostname, endpoints, links)),
        ("hostname", f"{hostname}\n"),
        ("resolv.conf", _resolv(container, has_names(endpoints))),
    ):
        _write(directory / name, text)
    return _etc(directory)


def update(ctx: Context, container: Container, before: Endpoints, after: Endpoints) -> None:
    """Bring the files of a running container up to date: its networks were `before`, and are `after` now."""
    directory = ctx.paths.container(container.id)
    hostname = container.config.hostname or socket.gethostname()
    _edit(
        directory / "hosts",
        lambda text: etc.with_other_lines(
            text, _own_lines(container, hostname, before), _own_lines(container, hostname, after)
        ),
    )
    if has_names(before) != has_names(after):
        old, new = _resolv(container, has_names(before)), _resolv(container, has_names(after))
        _edit(directory / "resolv.conf", lambda text: new if text == old else text)


def upstreams(host: HostConfig) -> tuple[tuple[str, bool], ...]:
    """Return the servers that a name server asks: the user's from inside, the host's own from the host."""
    if host.dns:
        return tuple((address, False) for address in host.dns)
    return tuple((address, True) for address in etc.parse_resolver(_host_resolv()).servers)


def has_names(endpoints: Endpoints) -> bool:
    """Tell whether a name server answers the container: one of its networks has names."""
    return any(endpoint.dns_names for endpoint in endpoints.values())


def _etc(directory: Path) -> Etc:
    return Etc(str(directory / "hosts"), str(directory / "hostname"), str(directory / "resolv.conf"))


def _write(path: Path, text: str) -> None:
    """Replace a file's content in place: a running container may have it mounted. Made anew at each start."""
    path.write_text(text)
    path.chmod(0o644)


def _hosts(container: Container, hostname: str, endpoints: Endpoints, links: Sequence[Link]) -> str:
    host = container.host_config
    gateway = next((e.gateway for e in endpoints.values() if e.gateway), "")
    extra = host.extra_hosts or ()
    if host.network_mode == "host":
        lines = "".join(f"{a}\t{n}\n" for a, n in etc.extra_hosts(extra, gateway or "127.0.0.1"))
        return _read(Path("/etc/hosts")) + lines
    others = [(link.address, link.names) for link in links]
    return etc.hosts([*others, *_own_lines(container, hostname, endpoints)], extra, gateway)


def _own_lines(container: Container, hostname: str, endpoints: Endpoints) -> list[tuple[str, str]]:
    names = etc.own_names(hostname, container.config.domainname)
    return [
        (address, names)
        for endpoint in endpoints.values()
        for address in (endpoint.ip_address, endpoint.global_ipv6_address)
        if address
    ]


def _resolv(container: Container, internal: bool) -> str:
    host = container.host_config
    wish = etc.Resolver(tuple(host.dns or ()), tuple(host.dns_search or ()), tuple(host.dns_options or ()))
    if host.network_mode == "host":
        own = etc.parse_resolver(_read(Path("/etc/resolv.conf")))
        return etc.resolv_conf(own, wish, keep_loopback=True)
    host_resolver = etc.parse_resolver(_host_resolv())
    write = etc.internal_resolv_conf if internal else etc.resolv_conf
    return write(host_resolver, wish)


def _host_resolv() -> str:
    """Docker's choice: systemd-resolved's list of real servers where /etc only names its stub."""
    text = _read(Path("/etc/resolv.conf"))
    if etc.parse_resolver(text).servers == ("127.0.0.53",):
        return _read(_HOST_RESOLV[0]) or text
    return text


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _edit(path: Path, change: Callable[[str], str]) -> None:
    """Change a file's text in place, if it is still one."""
    try:
        if path.stat().st_size > _LARGEST:
            return
        text = path.read_text()
        changed = change(text)
        if changed != text:
            path.write_text(changed)
    except (FileNotFoundError, UnicodeDecodeError):
        return
