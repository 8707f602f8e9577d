"""A request and a response of the Engine API, apart from any transport.

The direct transport hands these records from client to api as they are; the daemon and the HTTP transport
carry them over a wire. A body is bytes, chunks as they come, or a hijack: the connection turned into a raw
two-way stream (https://docs.docker.com/reference/api/engine/, "Attach to a container").
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Stream(Protocol):
    """A raw two-way byte stream with half close."""

    async def read(self, n: int = 65536) -> bytes:
        """Return what is there, at most n bytes; b"" after the other side's end."""

    async def write(self, data: bytes) -> None:
        """Send all of `data`, waiting while the other side does not read; OSError when it is gone."""

    async def close_write(self) -> None:
        """End this direction; the other side reads b"" and may go on writing."""

    async def close(self) -> None:
        """End both directions."""


@dataclass(frozen=True, slots=True)
class Hijack:
    """A response body that takes the connection over: `serve` runs until the stream is done with."""

    serve: Callable[[Stream], Awaitable[None]]
    content_type: str = "application/vnd.docker.raw-stream"


Body = bytes | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is without the version prefix and percent-decoded; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = b""
    version: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An iterator in `body` is closed (`aclose`) by whoever stops reading it early."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | Hijack = b""
