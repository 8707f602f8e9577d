"""Credentials tried out at a registry: what POST /auth does."""

from __future__ import annotations

from ..errors import Unauthorized
from ..schema.auth import AuthConfig, AuthResponse, split_auth
from .names import HUB, domain_of
from .session import Ask, connect
from .settings import Settings


async def login(credentials: AuthConfig, settings: Settings) -> AuthResponse:
    """Check credentials; the answer has an identity token where the registry gives one.

    Raises Unauthorized when they are refused, Unavailable when the registry can't be reached.
    """
    found = split_auth(credentials)
    domain = domain_of(found.serveraddress) if found.serveraddress else HUB
    async with connect(domain, found, settings) as session:
        answer = await session.open(Ask("GET", "/v2/"), offline=True)
        try:
            if answer.status_code == 401:
                raise Unauthorized(
                    f"login attempt to https://{session.host}/v2/ failed with status: 401 Unauthorized"
                )
            if answer.status_code != 200:
                raise await session.refusal(answer)
        finally:
            await answer.aclose()
        token = session.authorizer.identity_token
    return AuthResponse(status="Login Succeeded", identity_token=token)
