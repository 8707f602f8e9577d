"""The typed client of an engine."""

from __future__ import annotations

from types import TracebackType

from .caller import Caller
from .containers import Containers
from .exec import Exec
from .images import Images
from .networks import Networks
from .system import System
from .transport import Transport
from .volumes import Volumes


class Client:
    """An engine, here or elsewhere; an async context manager that closes its transport.

    Errors are those of `core/errors.py`, whatever the transport.
    """

    def __init__(self, transport: Transport) -> None:
        self._caller = Caller(transport)
        self.containers = Containers(self._caller)
        self.exec = Exec(self._caller)
        self.images = Images(self._caller)
        self.networks = Networks(self._caller)
        self.volumes = Volumes(self._caller)
        self.system = System(self._caller)

    async def close(self) -> None:
        await self._caller.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
