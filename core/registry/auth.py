"""Authorization at one registry: basic, or tokens of its token server, kept by scope.

https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/. Nothing is sent before the registry
itself has asked for it with a 401.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import msgspec

from ..errors import Invalid, Unauthorized, Unavailable
from ..schema import wire
from ..schema.auth import AuthConfig
from .challenge import Challenge

CLIENT_ID = "pydock"
_LIVES = 60
_EARLY = 10
_LARGEST = 1 << 20


class _Token(msgspec.Struct):
    """A token server's answer; lifetimes in seconds."""

    token: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_in: float = _LIVES


@dataclass(frozen=True, slots=True)
class _Held:
    header: str
    until: float


class Authorizer:
    """Answers one registry's challenges with one user's credentials.

    `plain` tells that the registry itself is spoken to in plain text, so that its token server may be.
    """

    def __init__(self, http: httpx.AsyncClient, credentials: AuthConfig, plain: bool) -> None:
        self._http = http
        self._credentials = credentials
        self._plain = plain
        self._basic = ""
        self._tokens: dict[str, _Held] = {}
        self._asking = asyncio.Lock()
        self.identity_token = ""

    def header(self, scope: str) -> str:
        """Return what `Authorization` is worth a try now; "" for none."""
        if self._credentials.registrytoken:
            return f"Bearer {self._credentials.registrytoken}"
        if self._basic:
            return self._basic
        held = self._tokens.get(scope)
        return held.header if held and held.until > time.monotonic() else ""

    async def answer(
        self, challenges: Sequence[Challenge], scope: str, refused: str, offline: bool = False
    ) -> str:
        """Return another `Authorization` after `refused` was; raises Unauthorized when there is none.

        `offline` asks for an identity token too, which is kept in `identity_token`.
        """
        async with self._asking:
            known = self.header(scope)
            if known and known != refused:
                return known
            for challenge in challenges:
                if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
                    return await self._bearer(challenge, scope, offline)
                if challenge.scheme == "basic" and self._credentials.username and not self._basic:
                    self._basic = _basic(self._credentials)
                    return self._basic
        if self._credentials.empty:
            raise Unauthorized("no basic auth credentials")
        raise Unauthorized("incorrect username or password")

    async def _bearer(self, challenge: Challenge, scope: str, offline: bool) -> str:
        token = await self._fetch(challenge.parameters, scope, offline)
        value = token.token or token.access_token
        if not value:
            raise Unauthorized("the token server gave no token")
        self.identity_token = token.refresh_token
        header = f"Bearer {value}"
        lives = max(token.expires_in, _LIVES) - _EARLY
        self._tokens[scope] = _Held(header, time.monotonic() + lives)
        return header

    async def _fetch(self, parameters: dict[str, str], scope: str, offline: bool) -> _Token:
        realm = parameters["realm"]
        if urlsplit(realm).scheme != "https" and not self._plain:
            raise Unauthorized(f"the registry names a token server without TLS: {realm[:200]}")
        asked = {"service": parameters.get("service", "")}
        scopes = scope.split() or parameters.get("scope", "").split()
        try:
            request = self._request(realm, asked, scopes, offline)
            # Redirects are not followed: they could carry the password elsewhere.
            answer = await self._http.send(request, stream=True)
        except (httpx.TransportError, httpx.InvalidURL) as err:
            raise Unavailable(f"cannot reach the token server {realm[:200]}: {err}") from err
        try:
            return await _read(answer, realm)
        finally:
            await answer.aclose()

    def _request(
        self, realm: str, asked: dict[str, str], scopes: Sequence[str], offline: bool
    ) -> httpx.Request:
        found = self._credentials
        if found.identitytoken:
            form = {
                **asked,
                "grant_type": "refresh_token",
                "refresh_token": found.identitytoken,
                "client_id": CLIENT_ID,
                "scope": " ".join(scopes),
            }
            return self._http.build_request("POST", realm, data=form)
        query: list[tuple[str, str | int | float | bool | None]] = [
            *asked.items(),
            *(("scope", scope) for scope in scopes),
        ]
        headers = {}
        if found.username:
            query.append(("account", found.username))
            headers["authorization"] = _basic(found)
        if offline:
            query += [("offline_token", "true"), ("client_id", CLIENT_ID)]
        url = httpx.URL(realm)
        return self._http.build_request("GET", url.copy_merge_params(query), headers=headers)


def _basic(found: AuthConfig) -> str:
    return "Basic " + base64.b64encode(f"{found.username}:{found.password}".encode()).decode()


async def _read(answer: httpx.Response, realm: str) -> _Token:
    data = bytearray()
    try:
        async for chunk in answer.aiter_bytes():
            data += chunk
            if len(data) > _LARGEST:
                raise Invalid(f"the token server's answer is too large: {realm[:200]}")
    except (httpx.TransportError, httpx.DecodingError) as err:
        raise Unavailable(f"the token server broke off: {realm[:200]}: {err}") from err
    if answer.status_code in (400, 401, 403):
        raise Unauthorized("incorrect username or password")
    if answer.status_code != 200:
        raise Unavailable(f"the token server answered {answer.status_code}: {realm[:200]}")
    try:
        return wire.decode(bytes(data), _Token)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
        raise Invalid(f"the token server's answer is no token: {realm[:200]}") from err
