"""HTTP/1.1 for the registry: one connection is one task, bodies are streamed both ways."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

import h11

from ...schema.message import Hijack, Request, Response
from ...tasks import Tasks

_CHUNK = 1 << 18
_LARGEST_HEAD = 64 << 10
_SILENT_SECONDS = 120.0
# A client that was refused may still be sending; so much is read, so that it sees the answer.
_LARGEST_REST = 8 << 20

Handler = Callable[[Request], Awaitable[Response]]


class Gone(Exception):
    """The client went away, or fell silent, in the middle of its request."""


class Server:
    """Listens and answers; an async context manager that ends all connections."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._tasks = Tasks("registry")
        self._servers: list[asyncio.Server] = []

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port, which is chosen by the kernel for 0; raises OSError."""
        server = await asyncio.start_server(self._accept, host, port, ssl=tls, limit=_CHUNK)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.start(_Connection(self._handle, reader, writer).serve(), "connection")

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        await self._tasks.close()


class _Connection:
    """Answers a client's requests one after the other."""

    def __init__(self, handle: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._handle = handle
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)

    async def serve(self) -> None:
        try:
            while await self._cycle():
                self._http.start_next_cycle()
        except (ConnectionError, TimeoutError, ssl.SSLError, Gone):
            pass
        except h11.RemoteProtocolError as err:
            with contextlib.suppress(ConnectionError, h11.LocalProtocolError):
                await self._respond(b"GET", Response(err.error_status_hint, {}, b""))
        finally:
            self._writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await self._writer.wait_closed()

    async def _cycle(self) -> bool:
        """Answer one request; False when the connection is used up."""
        event = await self._next()
        if not isinstance(event, h11.Request):
            return False
        response = await self._handle(self._request(event))
        await self._respond(event.method, response)
        await self._drop_rest()
        return self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    async def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(_SILENT_SECONDS):
                self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    def _request(self, head: h11.Request) -> Request:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        target = urlsplit(head.target.decode("latin-1"))
        query = parse_qs(target.query, keep_blank_values=True)
        body = self._body()
        return Request(head.method.decode("ascii"), unquote(target.path), query, headers, body)

    async def _body(self) -> AsyncIterator[bytes]:
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
            await self._writer.drain()
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise Gone

    async def _respond(self, method: bytes, response: Response) -> None:
        body = response.body
        assert not isinstance(body, Hijack)
        headers = [*response.headers.items()]
        if isinstance(body, bytes) and response.status != 204 and "content-length" not in response.headers:
            headers.append(("content-length", str(len(body))))
        reason = HTTPStatus(response.status).phrase
        self._send(h11.Response(status_code=response.status, headers=headers, reason=reason))
        if method != b"HEAD" and response.status != 204:
            if isinstance(body, bytes):
                self._send(h11.Data(data=body))
            else:
                await self._stream(body)
        self._send(h11.EndOfMessage())
        await self._writer.drain()

    async def _stream(self, chunks: AsyncIterator[bytes]) -> None:
        try:
            async for chunk in chunks:
                self._send(h11.Data(data=chunk))
                await self._writer.drain()
        finally:
            # A client that goes away leaves it half read.
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()

    async def _drop_rest(self) -> None:
        """Read what is left of a request whose answer did not need it."""
        left = _LARGEST_REST
        while self._http.their_state is h11.SEND_BODY and left > 0:
            event = await self._next()
            if isinstance(event, h11.Data):
                left -= len(event.data)
            elif not isinstance(event, h11.EndOfMessage):
                return

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
