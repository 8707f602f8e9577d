"""Docker's `--link`: on the default bridge lines in /etc/hosts and variables, elsewhere aliases of names.

https://docs.docker.com/engine/network/links/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import Conflict, Invalid
from . import ports
from .context import Context
from .record import Container

_BRIDGE = "bridge"
# What a build adds of its own says nothing about the other container.
_UNTOLD = ("HOME", "PATH")


@dataclass(frozen=True, slots=True)
class Link:
    """A container on the default bridge that another one knows as `alias`."""

    alias: str
    address: str
    name: str
    hostname: str
    exposed: tuple[str, ...] = ()
    env: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """The names on its line of the hosts file, as dockerd writes them."""
        return " ".join(dict.fromkeys((self.alias, self.hostname, self.name)))


def parse(text: str) -> tuple[str, str]:
    """Read `name`, `name:alias` or inspect's `/name:/self/alias`: (name, alias). Raises Invalid."""
    name, _, alias = text.partition(":")
    name, alias = name.removeprefix("/"), alias.rpartition("/")[2]
    if not name or ":" in alias:
        raise Invalid(f"bad format for links: {text}")
    return name, alias or name


def of(ctx: Context, container: Container) -> list[Link]:
    """Look up what a container on the default bridge is linked to.

    Raises NotFound, and Conflict for one that does not run or is not there.
    """
    if container.host_config.network_mode != _BRIDGE:
        return []
    return [_found(ctx, container, *parse(text)) for text in container.host_config.links or ()]


def aliases(container: Container) -> tuple[tuple[str, str], ...]:
    """Return a container's own words for others on user-defined networks: pairs of alias and name."""
    asked = [text for endpoint in container.networks.values() for text in endpoint.links or ()]
    if container.host_config.network_mode != _BRIDGE:
        asked += container.host_config.links or ()
    pairs = [parse(text) for text in asked]
    return tuple(dict.fromkeys((alias, name) for name, alias in pairs if alias != name))


def environment(own_name: str, links: Sequence[Link]) -> Iterator[str]:
    """Yield the variables that tell of linked containers, as dockerd sets them."""
    for link in links:
        prefix = link.alias.upper().replace("-", "_")
        exposed = sorted(map(ports.split, link.exposed), key=lambda one: (one[0], one[1] != "tcp"))
        if exposed:
            number, protocol = next((one for one in exposed if one[1] == "tcp"), exposed[0])
            yield f"{prefix}_PORT={protocol}://{link.address}:{number}"
        for number, protocol in exposed:
            key = f"{prefix}_PORT_{number}_{protocol.upper()}"
            yield f"{key}={protocol}://{link.address}:{number}"
            yield f"{key}_ADDR={link.address}"
            yield f"{key}_PORT={number}"
            yield f"{key}_PROTO={protocol}"
        yield f"{prefix}_NAME=/{own_name}/{link.alias}"
        for entry in link.env:
            name, equals, value = entry.partition("=")
            if equals and name not in _UNTOLD:
                yield f"{prefix}_ENV_{name}={value}"


def _found(ctx: Context, container: Container, name: str, alias: str) -> Link:
    other = ctx.book.find(name)
    if not other.alive:
        raise Conflict(f"Cannot link to a non running container: /{other.name} AS /{container.name}/{alias}")
    endpoint = other.endpoints.get(_BRIDGE)
    if endpoint is None or not endpoint.ip_address:
        raise Conflict(f"Cannot link to /{other.name}: it is not on the default bridge")
    return Link(
        alias=alias,
        address=endpoint.ip_address,
        name=other.name,
        hostname=other.config.hostname,
        exposed=tuple(other.config.exposed_ports or ()),
        env=tuple(other.config.env or ()),
    )
