"""The networks of a container changed, also while it runs: its shim then makes and removes links."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from ..errors import Forbidden, Invalid, PydockError
from ..networks import Attachment
from ..networks.record import Network as NetworkRecord
from ..runtime.records import NameServer, Network
from ..schema.networks import EndpointSettings
from . import etc_files, links, news
from .context import Context
from .record import Container
from .spec.namespaces import partner

_SHARED = (
    "container sharing network namespace with another container or host "
    "cannot be connected to any other network"
)
_HOST = "container cannot be disconnected from host network or connected to host network"

Wishes = Mapping[str, EndpointSettings]


async def connect(ctx: Context, network: str, reference: str, settings: EndpointSettings) -> None:
    """Put a container on a further network: now when it runs, else at its next start.

    Raises Forbidden when it is there already, Invalid for what cannot be, and all that a start raises for
    its addresses.
    """
    found = ctx.networks.get(network)
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        _check(container, found)
        if _key(ctx, container, found) is not None:
            raise Forbidden(f"endpoint with name {container.name} already exists in network {found.name}")
        await _change(ctx, container, {**container.networks, found.name: settings})


async def disconnect(ctx: Context, network: str, reference: str) -> None:
    """Take a container off a network, now when it runs. Raises Forbidden when it is not there."""
    found = ctx.networks.get(network)
    container = ctx.book.find(reference)
    async with ctx.locks.hold("container", container.id):
        container, _ = news.apply(ctx, container.id)
        _check(container, found)
        key = _key(ctx, container, found)
        if key is None:
            raise Forbidden(f"container {container.id} is not connected to network {found.name}")
        rest = {name: asked for name, asked in container.networks.items() if name != key}
        await _change(ctx, container, rest)


def is_settled(container: Container, attached: Collection[str]) -> bool:
    """Tell whether a running container holds places (by networks' ids) just where its record says so."""
    return {endpoint.network_id for endpoint in container.endpoints.values()} == set(attached)


async def settle(ctx: Context, container: Container) -> None:
    """Finish or undo what an engine was killed in the middle of; the container's lock is held."""
    await _change(ctx, container, container.networks)


def with_names(container: Container, attachment: Attachment) -> Network:
    """Say what the shim needs of the network: the attachment's, with a name server where there are names."""
    if not attachment.names:
        return attachment.network
    upstreams = etc_files.upstreams(container.host_config) if attachment.leads_out else ()
    server = NameServer(attachment.names, upstreams, links.aliases(container))
    return dataclasses.replace(attachment.network, name_server=server)


def port_wishes(container: Container) -> dict[str, Any]:
    """What `Networks.connect` and `rearrange` are to know of ports and names."""
    host, config = container.host_config, container.config
    return {
        "bindings": host.port_bindings or {},
        "exposed": tuple(config.exposed_ports or ()),
        "publish_all": host.publish_all_ports,
        "hostname": config.hostname,
    }


def _check(container: Container, network: NetworkRecord) -> None:
    if partner(container.host_config.network_mode):
        raise Invalid(_SHARED)
    if network.driver == "host" or container.host_config.network_mode == "host":
        raise Invalid(_HOST)


def _key(ctx: Context, container: Container, network: NetworkRecord) -> str | None:
    """Return the name by which the container asked for a network."""
    return next((name for name in container.networks if ctx.networks.is_same(name, network)), None)


async def _change(ctx: Context, container: Container, wishes: Wishes) -> None:
    changed = replace(container, networks=dict(wishes))
    if not container.alive:
        ctx.networks.check(wishes)
        ctx.book.change(container.id, lambda c: replace(c, networks=changed.networks))
        return
    attachment = await _rearranged(ctx, changed)
    try:
        network = with_names(changed, attachment)
        await ctx.runtime.change_network(container.id, network, attachment.sockets)
    except PydockError:
        (await _rearranged(ctx, container)).close()
        ctx.networks.let_go(container.id, container.networks)
        raise
    finally:
        attachment.close()
    ctx.networks.let_go(container.id, wishes)
    ctx.book.change(
        container.id,
        lambda c: replace(
            c, networks=changed.networks, endpoints=attachment.endpoints, ports=attachment.ports
        ),
    )
    etc_files.update(ctx, container, container.endpoints, attachment.endpoints)
    ctx.changed(container.id)


async def _rearranged(ctx: Context, container: Container) -> Attachment:
    return await ctx.networks.rearrange(
        container.id, container.name, container.networks, **port_wishes(container)
    )
