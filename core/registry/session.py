"""Requests to one registry: plain or TLS, redirects, authorization, in one place each."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from ..errors import Invalid, PydockError, Unauthorized, Unavailable
from ..schema.auth import AuthConfig
from . import challenge
from .auth import Authorizer
from .faults import fault
from .names import api_host, domain_of
from .settings import Settings, is_insecure, is_loopback

Content = bytes | Callable[[], AsyncIterator[bytes]]

_TIMEOUT = httpx.Timeout(60.0, connect=15.0, pool=None)
_MOST_REDIRECTS = 5
_LARGEST_ERROR = 1 << 16
# What may be told to a host that a registry redirects to.
_SENT_ELSEWHERE = ("range", "accept", "accept-encoding")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. `path` is below the registry's root, or a Location that it gave."""

    method: str
    path: str
    scope: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content = b""


class Session:
    """One registry for one user; made by `connect`."""

    def __init__(self, http: httpx.AsyncClient, base: httpx.URL, credentials: AuthConfig) -> None:
        self._http = http
        self._base = base
        self.host = base.netloc.decode()
        self.authorizer = Authorizer(http, credentials, plain=base.scheme == "http")

    async def open(self, ask: Ask, offline: bool = False) -> httpx.Response:
        """Send, and return the answer whatever its status, its body unread; the caller closes it.

        Raises Unauthorized, and Unavailable when the registry can't be reached.
        """
        url = self._url(ask.path, ask.query)
        ours = _origin(url) == _origin(self._base)
        header = self.authorizer.header(ask.scope) if ours else ""
        answer = await self._send(ask, url, header)
        if answer.status_code == 401 and ours:
            asked = challenge.parse(answer.headers.get_list("www-authenticate"))
            await answer.aclose()
            header = await self.authorizer.answer(asked, ask.scope, header, offline)
            answer = await self._send(ask, url, header)
        if ask.method in ("GET", "HEAD"):
            return await self._follow(ask, answer, header)
        return answer

    async def call(self, ask: Ask, *expected: int, limit: int = _LARGEST_ERROR) -> Answer:
        """Send and read the whole answer; raises what a status means that is not among `expected`."""
        async with self.opened(ask, *expected) as answer:
            return Answer(answer.status_code, answer.headers, await _read(answer, limit))

    @contextlib.asynccontextmanager
    async def opened(self, ask: Ask, *expected: int) -> AsyncIterator[httpx.Response]:
        """Send, and yield an answer with one of the `expected` statuses; raises what another one means."""
        answer = await self.open(ask)
        try:
            if answer.status_code not in expected:
                raise await self.refusal(answer)
            yield answer
        finally:
            await answer.aclose()

    async def refusal(self, answer: httpx.Response) -> PydockError:
        return fault(answer, await _read(answer, _LARGEST_ERROR, cut=True))

    def _url(self, path: str, query: Mapping[str, str], base: httpx.URL | None = None) -> httpx.URL:
        try:
            url = (base or self._base).join(path)
        except httpx.InvalidURL as err:
            raise Invalid(f"the registry names an address that is none: {path[:200]!r}") from err
        if url.scheme == "http" and url.host == self._base.host and self._base.scheme == "https":
            # A registry behind a proxy that ends TLS does not know better.
            url = url.copy_with(scheme="https", port=self._base.port)
        if url.scheme not in ("https", self._base.scheme):
            raise Invalid(f"the registry names an address without TLS: {url.scheme}://{url.host}")
        return url.copy_merge_params(dict(query)) if query else url

    async def _send(self, ask: Ask, url: httpx.URL, authorization: str) -> httpx.Response:
        headers = {**ask.headers}
        if authorization:
            headers["authorization"] = authorization
        content = ask.content if isinstance(ask.content, bytes) else ask.content()
        if isinstance(content, bytes) and (content or ask.method in ("POST", "PUT", "PATCH")):
            headers.setdefault("content-length", str(len(content)))
        try:
            request = self._http.build_request(ask.method, url, headers=headers, content=content or None)
            return await self._http.send(request, stream=True)
        except httpx.TransportError as err:
            raise Unavailable(f"cannot reach registry {self.host}: {_words(err)}") from err

    async def _follow(self, ask: Ask, answer: httpx.Response, authorization: str) -> httpx.Response:
        for _ in range(_MOST_REDIRECTS):
            location = answer.headers.get("location", "")
            if answer.status_code not in (301, 302, 303, 307, 308) or not location:
                return answer
            url = self._url(location, {}, answer.url)
            await answer.aclose()
            if _origin(url) == _origin(self._base):
                answer = await self._send(ask, url, authorization)
                continue
            authorization = ""
            headers = {k: v for k, v in ask.headers.items() if k.lower() in _SENT_ELSEWHERE}
            answer = await self._send(Ask(ask.method, str(url), headers=headers), url, "")
            if answer.status_code == 401:
                # Another host's question is not answered with this registry's credentials.
                await answer.aclose()
                raise Unauthorized(f"registry {self.host} redirects to {url.host}, which wants credentials")
        await answer.aclose()
        raise Unavailable(f"registry {self.host} redirects in circles")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read."""

    status: int
    headers: httpx.Headers
    data: bytes


async def _read(answer: httpx.Response, limit: int, cut: bool = False) -> bytes:
    data = bytearray()
    try:
        async for chunk in answer.aiter_raw():
            data += chunk
            if len(data) > limit:
                if cut:
                    break
                raise Invalid(f"the registry's answer is larger than {limit} bytes")
    except httpx.TransportError as err:
        raise Unavailable(f"the registry broke off: {_words(err)}") from err
    return bytes(data)


def _words(err: httpx.TransportError) -> str:
    text = str(err).rstrip(".")
    if isinstance(err, httpx.TimeoutException):
        return "it does not answer in time"
    for cause in _causes(err):
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, ssl.SSLError):
            # Asyncio words a refused connection its own way, name servers have negative numbers.
            number = cause.errno or 0
            return (os.strerror(number) if number > 0 else cause.strerror).lower()
    return text or type(err).__name__


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


@contextlib.asynccontextmanager
async def connect(domain: str, credentials: AuthConfig | None, settings: Settings) -> AsyncIterator[Session]:
    """Open the registry behind a reference's domain.

    Credentials that name another registry are not used. Raises Unavailable, Invalid.
    """
    found = credentials or AuthConfig()
    if found.serveraddress and domain_of(found.serveraddress) != domain_of(domain):
        found = AuthConfig()
    host = api_host(domain)
    async with contextlib.AsyncExitStack() as stack:
        if not is_insecure(settings, host):
            http = await stack.enter_async_context(_http(host, settings, verify=True))
            yield Session(http, httpx.URL(f"https://{host}"), found)
            return
        http = await stack.enter_async_context(_http(host, settings, verify=False))
        scheme = "https" if await _speaks_tls(http, host) else "http"
        yield Session(http, httpx.URL(f"{scheme}://{host}"), found)


async def _speaks_tls(http: httpx.AsyncClient, host: str) -> bool:
    """Try TLS first where plain text is allowed: what can be encrypted is."""
    try:
        answer = await http.send(http.build_request("GET", f"https://{host}/v2/"), stream=True)
    except httpx.TransportError as err:
        # A certificate that is not to be trusted is no reason to speak in plain text.
        return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(err))
    await answer.aclose()
    return True


def _causes(err: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = err
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _http(host: str, settings: Settings, verify: bool) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=_tls(host, settings, verify),
        timeout=_TIMEOUT,
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
        headers={"user-agent": "pydock", "accept-encoding": "identity"},
        follow_redirects=False,
        # Proxies by environment; never for what is on this machine.
        trust_env=not is_loopback(host),
    )


def _tls(host: str, settings: Settings, verify: bool) -> ssl.SSLContext:
    """Trust the system's authorities and those in `certs.d/<host>/*.crt`; show `*.cert` with its `*.key`."""
    context = ssl.create_default_context()
    own = False
    for directory in settings.certificates:
        for path in sorted((directory / host).glob("*.c*rt")):
            own |= path.suffix == ".crt"
            _add_certificate(context, path)
    if not verify and not own:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _add_certificate(context: ssl.SSLContext, path: Path) -> None:
    try:
        if path.suffix == ".crt":
            context.load_verify_locations(path)
        else:
            context.load_cert_chain(path, path.with_suffix(".key"))
    except (ssl.SSLError, OSError) as err:
        raise Invalid(f"cannot use certificate {path}: {err.strerror or err}") from err
