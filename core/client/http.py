"""The transport over HTTP: unix sockets, and TCP with or without TLS, by httpx.

Importing this costs 0.2 s, so only a face that talks to a daemon does.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import anyio
import httpcore
import httpx

from ..schema.message import Request, Response
from .transport import Unreachable, Upgraded

_NEWEST = (1, 51)
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a daemon listens: a socket's path, or a base URL with the TLS to use."""

    socket_path: str | None = None
    url: str = "http://docker"
    tls: ssl.SSLContext | None = None
    shown: str = ""


class HttpTransport:
    """Carries requests to a daemon; connections are kept and shared."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(
                uds=address.socket_path,
                verify=address.tls or False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
            ),
            base_url=address.url,
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            headers={"user-agent": "pydock"},
            trust_env=False,
        )
        self._version: tuple[int, int] | None = None
        self._negotiating = asyncio.Lock()

    async def version(self) -> tuple[int, int]:
        async with self._negotiating:
            if self._version is None:
                answer = await self._open(Request("GET", "/_ping"), prefix="", upgrade=False)
                await answer.aclose()
                self._version = min(_parse_version(answer.headers.get("api-version", "")), _NEWEST)
        return self._version

    async def send(self, request: Request) -> Response:
        answer = await self._open(request, await self._prefix(request), upgrade=False)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, _body(answer))

    async def upgrade(self, request: Request) -> Upgraded | Response:
        answer = await self._open(request, await self._prefix(request), upgrade=True)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status_code != 101:
            return Response(answer.status_code, headers, _body(answer))
        return Upgraded(_NetworkStream(answer), headers.get("content-type", ""))

    async def _prefix(self, request: Request) -> str:
        if request.path.startswith("/_ping"):
            return ""
        major, minor = await self.version()
        return f"/v{major}.{minor}"

    async def _open(self, request: Request, prefix: str, upgrade: bool) -> httpx.Response:
        target = prefix + quote(request.path, safe="/:@!$&'()*+,;=~")
        if request.query:
            target += "?" + urlencode(request.query, doseq=True)
        headers = dict(request.headers)
        if upgrade:
            headers |= {"connection": "Upgrade", "upgrade": "tcp"}
        if isinstance(request.body, bytes) and request.method == "POST":
            headers["content-length"] = str(len(request.body))
        sent = self._http.build_request(request.method, target, headers=headers, content=request.body or None)
        try:
            return await self._http.send(sent, stream=True)
        except httpx.TransportError as err:
            raise Unreachable(self._unreachable(err)) from err

    def _unreachable(self, err: httpx.TransportError) -> str:
        where = self._address.shown
        if isinstance(err, httpx.ConnectError):
            return f"Cannot connect to the Docker daemon at {where}. Is the docker daemon running?"
        return f"error during connect: {where}: {err or type(err).__name__}"

    async def close(self) -> None:
        await self._http.aclose()


async def _body(answer: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.TransportError as err:
        raise Unreachable(f"the connection to the engine broke: {err or type(err).__name__}") from err
    finally:
        await answer.aclose()


def _parse_version(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (1, 24)


_GONE = (httpcore.NetworkError, anyio.ClosedResourceError, anyio.BrokenResourceError)


class _NetworkStream:
    """The raw connection after an upgrade; a `schema.message.Stream`."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self._network: httpcore.AsyncNetworkStream = answer.extensions["network_stream"]

    async def read(self, n: int = 65536) -> bytes:
        try:
            return await self._network.read(n)
        except _GONE:
            return b""

    async def write(self, data: bytes) -> None:
        try:
            await self._network.write(data)
        except _GONE as err:
            raise BrokenPipeError("the stream is closed") from err

    async def close_write(self) -> None:
        # httpcore has no half close. Its writes return when the kernel has the bytes, so none is lost.
        connection = self._network.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)

    async def close(self) -> None:
        await self._answer.aclose()
