"""The engine that a command talks to: a daemon where one is named, else one built in this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from ..client import Client
from ..client.connect import chosen_host, connect
from ..client.transport import Handler


def open_client(host: str | None = None) -> AbstractAsyncContextManager[Client]:
    """Open a client to `host`, PYDOCK_HOST, DOCKER_HOST or the embedded engine, in this order."""
    return connect(chosen_host(host), embedded)


@contextlib.asynccontextmanager
async def embedded() -> AsyncIterator[Handler]:
    """Run an engine in this process for as long as the context lasts."""
    from ..api import Api
    from ..config import Config, default_paths
    from ..engine import Engine

    async with Engine(default_paths(), Config()) as engine:
        yield Api(engine).handle
