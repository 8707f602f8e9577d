"""One connection of a client: HTTP/1.1 by h11, turned into the api's records and back.

A hijack leaves HTTP: with `Upgrade` after a 101, without it after a plain 200, and the rest of the connection
is the raw stream (https://docs.docker.com/reference/api/engine/, "Attach to a container").
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import sys
import termios
from collections.abc import AsyncIterator
from http import HTTPStatus

import h11

from ..client.transport import Handler
from ..errors import Invalid, PydockError, Unavailable
from ..schema import wire
from ..schema.message import Hijack, Request, Response
from . import target
from .tlsstream import TlsStream

_CHUNK = 65536
_LARGEST_HEAD = 128 * 1024
_HEAD_SECONDS = 30.0
_IDLE_SECONDS = 600.0
_LARGEST_LEFTOVER = 1 << 20
_HEAD_LOOKS, _HEAD_LOOK_SECONDS = 100, 0.001

Reader = asyncio.StreamReader | TlsStream
Writer = asyncio.StreamWriter | TlsStream


class Connection:
    """Answers a client's requests one after the other until either side ends."""

    def __init__(self, handle: Handler, reader: Reader, writer: Writer) -> None:
        self._handle = handle
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)

    async def serve(self) -> None:
        """Answer requests; ends quietly when the client goes away."""
        try:
            while await self._cycle():
                self._http.start_next_cycle()
        except (ConnectionError, TimeoutError):
            # The client is gone, or never finished its request.
            pass
        except h11.RemoteProtocolError as err:
            await self._refuse(err)
        finally:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _cycle(self) -> bool:
        """Answer one request; False when the connection is used up."""
        head = await self._head()
        if head is None:
            return False
        response = await self._answer(head)
        if isinstance(response.body, Hijack):
            await self._hijack(head, response.body)
            return False
        await self._respond(head, response)
        await self._drop_rest()
        return self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}

    async def _head(self) -> h11.Request | None:
        """Return the next request's head; None when the client is done."""
        async with asyncio.timeout(_IDLE_SECONDS) as deadline:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    _check_length(event)
                    return event
                if isinstance(event, h11.ConnectionClosed):
                    return None
                if event is not h11.NEED_DATA:
                    raise h11.RemoteProtocolError("unexpected data between requests")
                await self._receive()
                deadline.reschedule(asyncio.get_running_loop().time() + _HEAD_SECONDS)

    async def _receive(self) -> None:
        self._http.receive_data(await self._reader.read(_CHUNK))

    async def _answer(self, head: h11.Request) -> Response:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        try:
            path, query, version = target.parse(head.target.decode("latin-1"))
        except Invalid as err:
            return _error(err)
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        body: AsyncIterator[bytes] | bytes = self._body() if has_body else b""
        if not has_body:
            self._http.next_event()
        return await self._handle(Request(head.method.decode("ascii"), path, query, headers, body, version))

    async def _body(self) -> AsyncIterator[bytes]:
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
            await self._writer.drain()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise Unavailable("the client went away in the middle of its request")

    async def _respond(self, head: h11.Request, response: Response) -> None:
        # Scripts look for `Api-Version` as Go writes it.
        headers = [(name.title(), value) for name, value in response.headers.items()]
        body = response.body
        assert not isinstance(body, Hijack)
        bodiless = response.status in (204, 304) or head.method == b"HEAD"
        if isinstance(body, bytes) and response.status not in (204, 304):
            headers.append(("Content-Length", str(len(body))))
        self._send(
            h11.Response(
                status_code=response.status, headers=headers, reason=HTTPStatus(response.status).phrase
            )
        )
        if isinstance(body, bytes):
            if body and not bodiless:
                self._send(h11.Data(data=body))
        elif not bodiless:
            await self._stream(body)
        self._send(h11.EndOfMessage())
        await self._writer.drain()

    async def _stream(self, body: AsyncIterator[bytes]) -> None:
        """Send chunks as they come; a client that goes away ends the stream at once, silent or not."""
        await self._writer.drain()
        sending = asyncio.ensure_future(self._send_chunks(body))
        watching = asyncio.ensure_future(self._gone()) if self._request_is_read() else None
        try:
            await asyncio.wait(
                {sending, *([watching] if watching else [])}, return_when=asyncio.FIRST_COMPLETED
            )
            if not sending.done():
                raise ConnectionResetError("the client went away")
            sending.result()
        except PydockError as err:
            # The status is sent already: a connection cut short is how HTTP says that the rest is missing.
            raise ConnectionAbortedError(str(err)) from err
        finally:
            for task in (sending, watching):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            aclose = getattr(body, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _send_chunks(self, body: AsyncIterator[bytes]) -> None:
        async for chunk in body:
            self._send(h11.Data(data=chunk))
            await self._writer.drain()

    def _request_is_read(self) -> bool:
        return self._http.their_state not in (h11.IDLE, h11.SEND_BODY)

    async def _gone(self) -> None:
        """Return when the client has ended its side; what it sends meanwhile is kept for its next request."""
        while data := await self._reader.read(_CHUNK):
            self._http.receive_data(data)
            if len(self._http.trailing_data[0]) > _LARGEST_LEFTOVER:
                return

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)

    async def _drop_rest(self) -> None:
        """Read what is left of a short request body; a long one ends the connection."""
        left = _LARGEST_LEFTOVER
        while self._http.their_state is h11.SEND_BODY and left > 0:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    return
                await self._receive()
            elif isinstance(event, h11.Data):
                left -= len(event.data)
            else:
                return

    async def _hijack(self, head: h11.Request, hijack: Hijack) -> None:
        await self._drop_rest()
        upgrade = any(name == b"upgrade" for name, _ in head.headers)
        lines = [f"Content-Type: {hijack.content_type}"]
        if upgrade:
            lines += ["Connection: Upgrade", "Upgrade: tcp"]
        status = "101 UPGRADED" if upgrade else "200 OK"
        self._writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode())
        await self._writer.drain()
        await _until_read(self._writer.get_extra_info("socket"))
        stream = _SocketStream(self._reader, self._writer, self._http.trailing_data[0])
        await hijack.serve(stream)

    async def _refuse(self, err: h11.RemoteProtocolError) -> None:
        """Tell a client that it does not speak HTTP, when nothing was answered yet."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            text = f"{err}\n".encode()
            with contextlib.suppress(ConnectionError, h11.LocalProtocolError):
                headers = [("content-type", "text/plain"), ("content-length", str(len(text)))]
                self._send(h11.Response(status_code=400, headers=[*headers, ("connection", "close")]))
                self._send(h11.Data(data=text))
                self._send(h11.EndOfMessage())
                await self._writer.drain()


def _check_length(head: h11.Request) -> None:
    """Refuse a request that says in two ways where it ends: somebody between may believe the other one."""
    said = [name for name, _ in head.headers if name in (b"content-length", b"transfer-encoding")]
    if len(said) > 1:
        raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding")


async def _until_read(connection: socket.socket | None) -> None:
    """Wait a moment for a local client to read the answer's head before the stream begins.

    Clients that leave HTTP below a buffered reader (docker-py does) lose what stands in the same read as the
    head. With dockerd an exec takes so long that they get away with it. The kernel tells what is unread of a
    unix socket, and nothing tells when that changes, so this looks again, for a bounded time.
    """
    if connection is None or connection.family != socket.AF_UNIX:
        return
    for _ in range(_HEAD_LOOKS):
        if not int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder):
            return
        await asyncio.sleep(_HEAD_LOOK_SECONDS)


def _error(err: Invalid) -> Response:
    return Response(400, {"content-type": "application/json"}, wire.encode({"message": err.message}) + b"\n")


class _SocketStream:
    """The connection as a `schema.message.Stream`; `first` was read before it became one."""

    def __init__(self, reader: Reader, writer: Writer, first: bytes) -> None:
        self._reader = reader
        self._writer = writer
        self._first = first

    async def read(self, n: int = 65536) -> bytes:
        if self._first:
            data, self._first = self._first[:n], self._first[n:]
            return data
        try:
            return await self._reader.read(n)
        except ConnectionError:
            return b""

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def close_write(self) -> None:
        if not self._writer.is_closing():
            with contextlib.suppress(OSError):
                self._writer.write_eof()

    async def close(self) -> None:
        self._writer.close()
