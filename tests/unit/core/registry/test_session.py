"""Tests of sessions: credentials, tokens and redirects; the attacks of CVE-2021-41092 and its kin."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from pydock.core.errors import Invalid, NotFound, Unauthorized, Unavailable
from pydock.core.registry.repository import Repository
from pydock.core.registry.server.users import Users, write
from pydock.core.registry.session import Ask, Session, connect
from pydock.core.schema.auth import AuthConfig
from pydock.core.schema.message import Request, Response
from support.registries import AT_ONCE, listening, registry

USER = AuthConfig(username="ann", password="secret")
BASIC = "Basic " + base64.b64encode(b"ann:secret").decode()


class Host:
    """A host that notes who sent it an Authorization header."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.seen: list[tuple[str, str]] = []
        self._answer = answer

    async def __call__(self, request: Request) -> Response:
        self.seen.append((request.path, request.headers.get("authorization", "")))
        return self._answer(request)

    @property
    def secrets(self) -> list[str]:
        return [authorization for _, authorization in self.seen if authorization]


@contextlib.asynccontextmanager
async def opened(
    handle: Callable[[Request], Awaitable[Response]], auth: AuthConfig = USER
) -> AsyncIterator[Session]:
    async with listening(handle) as port, connect(f"127.0.0.1:{port}", auth, AT_ONCE) as session:
        yield session


def asks_basic(request: Request) -> Response:
    if request.headers.get("authorization") == BASIC:
        return Response(200, {}, b"in")
    return Response(401, {"www-authenticate": 'Basic realm="r"'}, b"")


async def test_nothing_is_sent_before_it_is_asked_for() -> None:
    host = Host(lambda _: Response(200, {}, b"open"))
    async with opened(host) as session:
        assert (await session.call(Ask("GET", "/v2/"), 200)).data == b"open"
    assert host.secrets == []


async def test_basic_is_answered_once_and_then_remembered() -> None:
    host = Host(asks_basic)
    async with opened(host) as session:
        assert (await session.call(Ask("GET", "/v2/x"), 200)).data == b"in"
        assert (await session.call(Ask("GET", "/v2/y"), 200)).data == b"in"
    assert [path for path, _ in host.seen if path != "/v2/"] == ["/v2/x", "/v2/x", "/v2/y"]


@pytest.mark.parametrize(
    ("auth", "message"),
    [(AuthConfig(), "no basic auth"), (AuthConfig(username="ann", password="wrong"), "401 Unauthorized")],
)
async def test_refused_credentials_are_told(auth: AuthConfig, message: str) -> None:
    async with opened(Host(asks_basic), auth) as session:
        with pytest.raises(Unauthorized, match=message):
            await session.call(Ask("GET", "/v2/x"), 200)


async def test_credentials_of_another_registry_are_not_used() -> None:
    host = Host(asks_basic)
    other = AuthConfig(username="ann", password="secret", serveraddress="https://index.docker.io/v1/")
    async with opened(host, other) as session:
        with pytest.raises(Unauthorized):
            await session.call(Ask("GET", "/v2/x"), 200)
    assert host.secrets == []


async def test_credentials_never_follow_a_redirect_to_another_host() -> None:
    thief = Host(asks_basic)
    async with listening(thief) as port:

        def redirects(request: Request) -> Response:
            if request.headers.get("authorization") != BASIC:
                return asks_basic(request)
            return Response(307, {"location": f"http://127.0.0.1:{port}/stolen"}, b"")

        host = Host(redirects)
        async with opened(host) as session:
            with pytest.raises(Unauthorized, match="redirects to"):
                await session.call(Ask("GET", "/v2/a/blobs/x"), 200)
    assert host.secrets == [BASIC]
    assert [path for path, _ in thief.seen] == ["/stolen"]
    assert thief.secrets == []


async def test_credentials_never_go_to_an_upload_elsewhere() -> None:
    thief = Host(lambda _: Response(202, {}, b""))
    async with listening(thief) as port, opened(Host(asks_basic)) as session:
        await session.call(Ask("GET", "/v2/"), 200)
        await session.call(Ask("PATCH", f"http://127.0.0.1:{port}/upload", content=b"x"), 202)
    assert thief.seen == [("/upload", "")]


async def test_a_redirect_within_the_registry_keeps_credentials() -> None:
    def moves(request: Request) -> Response:
        if request.path == "/v2/old":
            return Response(302, {"location": "/v2/new"}, b"")
        return asks_basic(request)

    async with opened(Host(moves)) as session:
        await session.call(Ask("GET", "/v2/"), 200)
        assert (await session.call(Ask("GET", "/v2/old"), 200)).data == b"in"


async def test_redirects_in_circles_end() -> None:
    host = Host(lambda request: Response(302, {"location": request.path}, b""))
    async with opened(host) as session:
        with pytest.raises(Unavailable, match="circles"):
            await session.call(Ask("GET", "/v2/a"), 200)


@pytest.mark.parametrize("location", ["file:///etc/shadow", "gopher://x/", "http://[", "//"])
async def test_redirects_to_what_is_no_web_address_are_refused(location: str) -> None:
    host = Host(lambda _: Response(302, {"location": location}, b""))
    async with opened(host) as session:
        with pytest.raises((Invalid, Unavailable)):
            await session.call(Ask("GET", "/v2/a"), 200)


class TokenServer:
    """Gives tokens by scope, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.bodies: list[bytes] = []

    async def __call__(self, request: Request) -> Response:
        assert not isinstance(request.body, bytes)
        self.asked.append(request)
        self.bodies.append(b"".join([chunk async for chunk in request.body]))
        if request.method == "GET" and request.headers.get("authorization") not in ("", BASIC, None):
            return Response(401, {}, b"")
        answer = {"token": f"t{len(self.asked)}", "refresh_token": "idt", "expires_in": 300}
        return Response(200, {"content-type": "application/json"}, json.dumps(answer).encode())


def wants_token(port: int, tokens: set[str]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") in tokens:
            return Response(200, {}, b"in")
        realm = f'Bearer realm="http://127.0.0.1:{port}/token",service="s",scope="repository:given:pull"'
        return Response(401, {"www-authenticate": realm}, b"")

    return answer


async def test_tokens_are_kept_by_scope_and_asked_for_again_once_refused() -> None:
    server, tokens = TokenServer(), {"t1", "t2"}
    async with listening(server) as port, opened(Host(wants_token(port, tokens))) as session:
        for scope in ("repository:a:pull", "repository:a:pull", "repository:b:pull,push"):
            assert (await session.call(Ask("GET", "/v2/x", scope), 200)).data == b"in"
        assert [request.query["scope"] for request in server.asked] == [
            ["repository:a:pull"],
            ["repository:b:pull,push"],
        ]
        assert server.asked[0].headers["authorization"] == BASIC
        tokens.clear()
        tokens.add("t3")
        assert (await session.call(Ask("GET", "/v2/x", "repository:a:pull"), 200)).data == b"in"
        assert len(server.asked) == 3


async def test_anonymous_users_get_tokens_too() -> None:
    server = TokenServer()
    async with listening(server) as port, opened(Host(wants_token(port, {"t1"})), AuthConfig()) as session:
        await session.call(Ask("GET", "/v2/x", "repository:a:pull"), 200)
    assert "authorization" not in server.asked[0].headers


async def test_an_identity_token_is_exchanged_by_form() -> None:
    server = TokenServer()
    auth = AuthConfig(identitytoken="refresh-me")
    async with listening(server) as port, opened(Host(wants_token(port, {"t1"})), auth) as session:
        await session.call(Ask("GET", "/v2/x", "repository:a:pull"), 200)
    assert server.asked[0].method == "POST"
    assert b"grant_type=refresh_token" in server.bodies[0]
    assert b"refresh_token=refresh-me" in server.bodies[0]


async def test_a_token_server_that_redirects_gets_no_password_carried_on() -> None:
    thief = Host(lambda _: Response(200, {}, b'{"token": "t1"}'))
    async with listening(thief) as stolen:
        realm = Host(lambda _: Response(307, {"location": f"http://127.0.0.1:{stolen}/token"}, b""))
        async with listening(realm) as port, opened(Host(wants_token(port, {"t1"}))) as session:
            with pytest.raises(Unavailable, match="answered 307"):
                await session.call(Ask("GET", "/v2/x", "repository:a:pull"), 200)
    assert thief.seen == []


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"token": 5}', b"\xff", b"[" * 100_000])
async def test_a_token_server_that_talks_nonsense_is_an_error(answer: bytes) -> None:
    server = Host(lambda _: Response(200, {}, answer))
    async with listening(server) as port, opened(Host(wants_token(port, {"t1"}))) as session:
        with pytest.raises((Invalid, Unauthorized)):
            await session.call(Ask("GET", "/v2/x", "repository:a:pull"), 200)


async def test_a_registry_that_is_not_there_is_told_in_words() -> None:
    async with connect("127.0.0.1:1", None, AT_ONCE) as session:
        with pytest.raises(Unavailable, match=r"cannot reach registry 127\.0\.0\.1:1: connection refused"):
            await session.call(Ask("GET", "/v2/"), 200)


async def test_rate_limits_say_when_to_try_again() -> None:
    body = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow\\u001b[2J down"}]}'
    host = Host(lambda _: Response(429, {"retry-after": "30"}, body))
    async with opened(host) as session:
        with pytest.raises(Unavailable, match=r"slow \[2J down \(try again in 30 seconds\)"):
            await session.call(Ask("GET", "/v2/"), 200)


async def test_a_users_file_guards_a_registry(tmp_path: Path) -> None:
    write(tmp_path / "users", "ann", "secret")
    async with registry(tmp_path / "root", Users(tmp_path / "users")) as served:
        async with connect(served.domain, USER, AT_ONCE) as session:
            with pytest.raises(NotFound):
                await Repository(session, "a").manifest("latest", 100)
        async with connect(served.domain, AuthConfig(username="ann", password="x"), AT_ONCE) as session:
            with pytest.raises(Unauthorized):
                await Repository(session, "a").manifest("latest", 100)
