"""Requests made and answers judged: what all sub-clients share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from ..errors import Internal, PydockError, StartFailed, from_status
from ..filters import Filters
from ..schema import wire
from ..schema.message import Body, Hijack, Request, Response
from .stdcopy import STDOUT, Demultiplexer
from .transport import ANSWERED, MULTIPLEXED, Transport, Upgraded

T = TypeVar("T")
Wanted = Filters | Mapping[str, Iterable[str]] | None
"""Filters as callers give them: `{"label": ["a=b"]}`."""
Value = str | int | bool | None
Query = Mapping[str, Value | Sequence[str]]

# Since this version the content type tells whether a stream is multiplexed; before, only an inspect does.
_TYPED_STREAMS = (1, 42)


class Caller:
    """Makes requests over one transport and raises the errors that responses stand for."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send and return a response that is no error. A record or map as `body` becomes JSON."""
        response = await self._transport.send(_request(method, path, query, body, headers))
        await _raise_error(response)
        return response

    async def read(
        self, kind: type[T], method: str, path: str, query: Query | None = None, body: object = None
    ) -> T:
        """Send and decode the JSON answer."""
        response = await self.call(method, path, query, body)
        return _decode(await read_all(response.body), kind)

    async def raw(self, path: str, query: Query | None = None) -> AsyncGenerator[bytes, None]:
        """GET and yield the bytes of the answer."""
        response = await self.call("GET", path, query)
        async with contextlib.aclosing(chunks(response.body)) as parts:
            async for part in parts:
                yield part

    async def text(self, path: str, query: Query | None = None) -> bytes:
        """GET and return the answer as the engine wrote it, with fields that this client does not know."""
        response = await self.call("GET", path, query)
        return await read_all(response.body)

    async def do(self, method: str, path: str, query: Query | None = None, body: object = None) -> None:
        """Send and forget the answer."""
        response = await self.call(method, path, query, body)
        await read_all(response.body)

    async def records(
        self,
        kind: type[T],
        method: str,
        path: str,
        query: Query | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[T, None]:
        """Send and yield the JSON objects of the answer as they come."""
        response = await self.call(method, path, query, body, headers)
        async with contextlib.aclosing(lines(response.body)) as found:
            async for line in found:
                yield _decode(line, kind)

    async def upgrade(self, path: str, query: Query | None = None, body: object = None) -> Upgraded:
        """POST a request that becomes a raw stream."""
        answer = await self._transport.upgrade(_request("POST", path, query, body, None))
        if isinstance(answer, Upgraded):
            return answer
        await _raise_error(answer)
        return Upgraded(_Finished(answer.body), answer.headers.get("content-type", ""))

    async def is_multiplexed(self, content_type: str) -> bool | None:
        """Tell from a stream's type whether it is multiplexed; None when this server doesn't say."""
        if content_type.startswith(MULTIPLEXED):
            return True
        return False if await self._transport.version() >= _TYPED_STREAMS else None

    async def close(self) -> None:
        await self._transport.close()


def encode_filters(wanted: Wanted) -> str | None:
    if not wanted:
        return None
    filters = wanted if isinstance(wanted, Filters) else Filters({k: tuple(v) for k, v in wanted.items()})
    return filters.encode()


def _request(
    method: str, path: str, query: Query | None, body: object, headers: Mapping[str, str] | None
) -> Request:
    sent = dict(headers or {})
    if body is None:
        content: Body = b""
    elif isinstance(body, bytes | AsyncIterator):
        content = body
        sent.setdefault("content-type", "application/x-tar")
    else:
        content = wire.encode(body)
        sent["content-type"] = "application/json"
    return Request(method, path, _encode_query(query or {}), sent, content)


def _encode_query(query: Query) -> dict[str, list[str]]:
    encoded: dict[str, list[str]] = {}
    for name, value in query.items():
        if value is None or value is False:
            continue
        if isinstance(value, str | int):
            encoded[name] = ["1" if value is True else str(value)]
        else:
            encoded[name] = list(value)
    return encoded


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return wire.decode(data, kind)
    except msgspec.DecodeError as err:
        raise Internal(f"unexpected answer of the engine: {err}") from err


async def _raise_error(response: Response) -> None:
    if response.status >= 400 or response.status == 304:
        error = _error(response.status, await read_all(response.body))
        error.add_note(ANSWERED)
        raise error


def _error(status: int, body: bytes) -> PydockError:
    try:
        found = json.loads(body)
    except ValueError:
        return from_status(status, body.decode("utf-8", "replace").strip())
    message = str(found.get("message", "")) if isinstance(found, dict) else str(found)
    exit_code = found.get("exitCode") if isinstance(found, dict) else None
    if isinstance(exit_code, int):
        return StartFailed(message, exit_code)
    return from_status(status, message)


async def read_all(body: Body | Hijack) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, Hijack):
        raise Internal("unexpected answer of the engine: a raw stream")
    return b"".join([chunk async for chunk in body])


async def chunks(body: Body | Hijack) -> AsyncGenerator[bytes, None]:
    """Yield a body's bytes; closes an iterator that is left early."""
    if isinstance(body, Hijack):
        raise Internal("unexpected answer of the engine: a raw stream")
    if isinstance(body, bytes):
        if body:
            yield body
        return
    try:
        async for chunk in body:
            yield chunk
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()


async def lines(body: Body | Hijack) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a body of JSON objects, blank ones left out."""
    rest = b""
    async with contextlib.aclosing(chunks(body)) as parts:
        async for chunk in parts:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if line.strip():
                    yield line
    if rest.strip():
        yield rest


async def frames(body: Body | Hijack, multiplexed: bool) -> AsyncGenerator[tuple[int, bytes], None]:
    """Yield (1 stdout | 2 stderr, bytes) of a log's body."""
    demultiplexer = Demultiplexer() if multiplexed else None
    async with contextlib.aclosing(chunks(body)) as parts:
        async for chunk in parts:
            if demultiplexer is None:
                yield STDOUT, chunk
                continue
            for part in demultiplexer.feed(chunk):
                yield part


class _Finished:
    """A stream whose other side sent a plain body and is done: a detached start, or one that failed."""

    def __init__(self, body: Body | Hijack) -> None:
        self._chunks = chunks(body)

    async def read(self, n: int = 65536) -> bytes:
        return await anext(self._chunks, b"")

    async def write(self, data: bytes) -> None:
        raise BrokenPipeError("the stream is closed")

    async def close_write(self) -> None:
        pass

    async def close(self) -> None:
        await self._chunks.aclose()
