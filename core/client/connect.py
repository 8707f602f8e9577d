"""Which engine a face talks to: the one in its own process, or a daemon (DOCKER_HOST, -H)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from ..errors import Invalid, Unsupported
from ..hosts import chosen_host
from .client import Client
from .direct import DirectTransport
from .transport import Handler, Transport

__all__ = ["chosen_host", "connect", "transport_for"]

Embedded = Callable[[], AbstractAsyncContextManager[Handler]]
"""Builds an engine in this process and gives its `handle`; only faces know how."""


@contextlib.asynccontextmanager
async def connect(host: str | None, embedded: Embedded) -> AsyncIterator[Client]:
    """Open a client: to `host` as `chosen_host` returned it, or to an engine made by `embedded`.

    Raises Invalid for an address that is none, Unreachable when the first request finds nobody.
    """
    if host is None:
        async with embedded() as handle, Client(DirectTransport(handle)) as client:
            yield client
        return
    async with Client(transport_for(host)) as client:
        yield client


def transport_for(host: str) -> Transport:
    """Make the transport to a daemon's address."""
    from .http import Address, HttpTransport

    url = urlsplit(host if "://" in host else f"tcp://{host}")
    if url.scheme == "unix":
        return HttpTransport(Address(socket_path=url.netloc + url.path, shown=host))
    if url.scheme in ("tcp", "http"):
        return HttpTransport(Address(url=f"http://{url.netloc}", shown=host))
    if url.scheme in ("ssh", "https", "npipe", "fd"):
        raise Unsupported(f"not supported yet: {host}: use a unix:// or tcp:// address")
    raise Invalid(f'unable to parse docker host "{host}"')
