"""Answers: JSON, nothing, progress, bytes as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ..errors import Internal, PydockError
from ..schema import wire
from ..schema.images import Progress, ProgressError
from ..schema.message import Response
from ..tasks import Tasks

JSON = {"content-type": "application/json"}
RAW = "application/vnd.docker.raw-stream"
MULTIPLEXED = "application/vnd.docker.multiplexed-stream"
_CHUNK = 16 * 1024
_AHEAD = 256 * 1024


def json(value: object, status: int = 200) -> Response:
    return Response(status, JSON, wire.encode(value) + b"\n")


def empty(status: int = 204) -> Response:
    return Response(status)


def error(err: PydockError) -> Response:
    """Make the answer that an error is; 304 has no body."""
    if err.status == 304:
        return Response(304)
    body: dict[str, object] = {"message": err.message}
    exit_code = getattr(err, "exit_code", None)
    if exit_code is not None:
        body["exitCode"] = exit_code
    return json(body, err.status)


def data(chunks: AsyncIterator[bytes], content_type: str) -> Response:
    """Stream bytes that come in pieces of the producer's choosing."""
    return Response(200, {"content-type": content_type}, Coalesced(chunks))


async def progress(steps: AsyncIterator[Progress], *, in_stream: bool = False) -> Response:
    """Stream progress as JSON lines.

    An error before the first line is the answer's status, or with `in_stream` a line like any later
    error: which of both is dockerd's choice for each endpoint.
    """
    try:
        first = await anext(steps, None)
    except PydockError as err:
        await close(steps)
        if in_stream:
            return Response(200, JSON, _error_line(err))
        raise
    return Response(200, JSON, _progress_lines(first, steps))


async def _progress_lines(first: Progress | None, steps: AsyncIterator[Progress]) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield wire.encode(first) + b"\r\n"
            async for step in steps:
                yield wire.encode(step) + b"\r\n"
    except PydockError as err:
        yield _error_line(err)
    finally:
        await close(steps)


def _error_line(err: PydockError) -> bytes:
    told = Progress(error_detail=ProgressError(message=err.message), error=err.message)
    return wire.encode(told) + b"\r\n"


async def records(values: AsyncIterator[object]) -> AsyncIterator[bytes]:
    """Yield each record as a line of JSON."""
    try:
        async for value in values:
            yield wire.encode(value) + b"\n"
    finally:
        await close(values)


async def close(values: object) -> None:
    """Close an iterator that knows how."""
    aclose = getattr(values, "aclose", None)
    if aclose is not None:
        await aclose()


class Coalesced:
    """Small chunks joined into larger ones without ever waiting for more; an async iterator with `aclose`.

    What the source has ready is read ahead by a task, at most `_AHEAD` bytes, so a slow reader holds the
    source back. 128-byte chunks cost fifty times what 16 KiB ones do.
    """

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = False
        self._error: PydockError | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._tasks = Tasks("stream")
        self._started = False

    def __aiter__(self) -> Coalesced:
        return self

    async def __anext__(self) -> bytes:
        if not self._started:
            self._started = True
            self._tasks.start(self._pump(), "read ahead")
        while not self._parts:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._ended:
                await self.aclose()
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._take()

    def _take(self) -> bytes:
        parts, self._parts, self._size = self._parts, [], 0
        self._room.set()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _pump(self) -> None:
        try:
            async for chunk in self._source:
                self._parts.append(chunk)
                self._size += len(chunk)
                self._news.set()
                if self._size >= _CHUNK:
                    # Let the reader have it before more piles up.
                    await asyncio.sleep(0)
                while self._size >= _AHEAD:
                    self._room.clear()
                    await self._room.wait()
        except PydockError as err:
            self._error = err
        except OSError as err:
            self._error = Internal(f"reading a stream: {err.strerror or err}")
        finally:
            self._ended = True
            self._news.set()

    async def aclose(self) -> None:
        await self._tasks.close()
        await close(self._source)
