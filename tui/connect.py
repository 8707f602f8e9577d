"""Which engine the workstation talks to, and what is missing when none can be had."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pydock.core.errors import Forbidden, Unavailable

if TYPE_CHECKING:
    from pydock.core.client import Client
    from pydock.core.client.transport import Handler
    from pydock.core.config import Paths

# Imported in a thread, so that the first frame is there and keys are answered while it happens.
_MODULES = ("pydock.core.client.connect", "pydock.core.engine", "pydock.core.api")


class Connector:
    """Opens clients to one engine: the embedded one, or the daemon at `host`."""

    def __init__(self, host: str | None, paths: Paths | None = None) -> None:
        self.host = host
        self._paths = paths

    @property
    def label(self) -> str:
        """How the header names the engine."""
        return "local" if self.host is None else self.host.removeprefix("unix://")

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Client]:
        """Open a client; raises PydockError or OSError with what is wrong and what to do."""
        if self.host is None and os.geteuid() != 0:
            raise Forbidden(
                "the engine in this process needs root: sudo pydock-tui, or -H unix:///run/pydock.sock"
            )
        modules = _MODULES if self.host is None else _MODULES[:1]
        for name in modules:
            await asyncio.to_thread(importlib.import_module, name)
        from pydock.core.client.connect import connect

        try:
            async with connect(self.host, self._embedded) as client:
                yield client
        except PermissionError as error:
            raise Forbidden(
                f"no permission for {error.filename or self.label}: use sudo, or join its group"
            ) from error
        except FileNotFoundError as error:
            raise Unavailable(f"nobody listens at {self.label}: start the engine there") from error

    @contextlib.asynccontextmanager
    async def _embedded(self) -> AsyncIterator[Handler]:
        from pydock.core.api import Api
        from pydock.core.config import Config, default_paths
        from pydock.core.engine import Engine

        async with Engine(self._paths or default_paths(), Config(), lasting=True) as engine:
            yield Api(engine).handle
