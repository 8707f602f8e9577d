"""The engine that a command talks to: a daemon where one is named, else one built in this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from ..client import Client
from ..client.connect import chosen_host, connect
from ..client.transport import Handler

if TYPE_CHECKING:
    from ..engine import Spawner


def open_client(
    host: str | None = None, reads: bool = False, spawner: Spawner | None = None
) -> AbstractAsyncContextManager[Client]:
    """Open a client to `host`, PYDOCK_HOST, DOCKER_HOST or the embedded engine, in this order.

    A command that only `reads` needs no more mended than what it would show wrong.
    """
    return connect(chosen_host(host), lambda: embedded(reads, spawner))


@contextlib.asynccontextmanager
async def embedded(reads: bool = False, spawner: Spawner | None = None) -> AsyncIterator[Handler]:
    """Run an engine in this process for as long as the context lasts."""
    from ..api import Api
    from ..config import Config, default_paths
    from ..engine import Engine

    async with Engine(
        default_paths(), Config(), mend="needed" if reads else "all", spawner=spawner
    ) as engine:
        yield Api(engine).handle
