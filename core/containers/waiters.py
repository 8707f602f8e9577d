"""Clients that attach to a container before it is started, as `docker run` does."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..runtime.client import Runtime, Waiting
from ..runtime.records import Started, StartRequest


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants: which streams, what was said before (`logs`), what comes (`stream`)."""

    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    stream: bool = True
    logs: bool = False
    detach_keys: str = ""


@dataclass(slots=True)
class Waiters:
    """Clients that attached to a container of this engine before its start.

    A start takes them along, so that they miss nothing of its output.
    """

    runtime: Runtime
    _waiting: dict[str, list[Waiting]] = field(default_factory=dict)

    async def add(self, identity: str, wanted: Wanted) -> Waiting:
        client = await self.runtime.waiting(stdin=wanted.stdin, stdout=wanted.stdout, stderr=wanted.stderr)
        self._waiting.setdefault(identity, []).append(client)
        return client

    def take(self, identity: str) -> list[Waiting]:
        return self._waiting.pop(identity, [])

    def leave(self, identity: str, client: Waiting) -> bool:
        """Give up waiting; False when a start has taken the client already."""
        clients = self._waiting.get(identity, [])
        if client not in clients:
            return False
        self.take_one(identity, client)
        client.connection.close()
        return True

    def take_one(self, identity: str, client: Waiting) -> socket.socket | None:
        """Return the container's end of one client's connection; None when a start has taken it already."""
        clients = self._waiting.get(identity, [])
        if client not in clients:
            return None
        clients.remove(client)
        if not clients:
            del self._waiting[identity]
        client.connection.setblocking(False)
        return client.connection

    async def start(self, request: StartRequest, sockets: Sequence[int]) -> Started:
        """Start a container together with those who wait for it."""
        return await self.runtime.start(request, sockets, self.take(request.id))
