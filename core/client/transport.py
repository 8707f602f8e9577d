"""What a transport is: the way from the client's records to an api and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from ..errors import Unavailable
from ..schema.message import Request, Response, Stream


class Unreachable(Unavailable):
    """Nobody answers at the address; the message is complete as it is."""


Handler = Callable[[Request], Awaitable[Response]]
"""An api: `Api(engine).handle`."""

ANSWERED = "answered by the engine"
"""The note on an error that an engine answered with, so that a face can tell it from its own."""

RAW = "application/vnd.docker.raw-stream"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A response that became a raw stream; `content_type` tells whether it is multiplexed."""

    stream: Stream
    content_type: str


class Transport(Protocol):
    """Carries requests. A response of any status comes back as a response: errors are the caller's work."""

    async def version(self) -> tuple[int, int]:
        """Return the API version that both sides speak."""

    async def send(self, request: Request) -> Response:
        """Return the response; its body is bytes or an iterator, which the receiver closes.

        Raises Unreachable when nobody answers.
        """

    async def upgrade(self, request: Request) -> Upgraded | Response:
        """Send a request that takes the connection over; an error comes back as a Response."""

    async def close(self) -> None:
        """End all connections."""
