"""Credentials on the wire: the `X-Registry-Auth` header and POST /auth."""

from __future__ import annotations

import base64
import binascii

import msgspec

from ..errors import Invalid
from .wire import Wire, always, decode, encode

_LONGEST = 64 << 10


class AuthConfig(Wire, rename="lower"):
    """What a user gave for one registry; all empty is anonymous.

    `identitytoken` is an OAuth2 refresh token that stands for the password, `registrytoken` a bearer token.
    """

    username: str = ""
    password: str = ""
    auth: str = ""
    email: str = ""
    serveraddress: str = ""
    identitytoken: str = ""
    registrytoken: str = ""

    def __repr__(self) -> str:
        # Never a secret in a log or a traceback.
        return f"AuthConfig(username={self.username!r}, serveraddress={self.serveraddress!r})"

    @property
    def empty(self) -> bool:
        return not (self.username or self.password or self.auth or self.identitytoken or self.registrytoken)


class AuthResponse(Wire):
    """What POST /auth answers; `identity_token` replaces the password when the registry gives one."""

    status: str = always("")
    identity_token: str = ""


def encode_header(auth: AuthConfig) -> str:
    """Return the value of `X-Registry-Auth`."""
    return base64.urlsafe_b64encode(encode(auth)).decode()


def decode_header(text: str) -> AuthConfig:
    """Read `X-Registry-Auth`, base64url of JSON, padded or not; "" is anonymous. Raises Invalid."""
    if not text:
        return AuthConfig()
    if len(text) > _LONGEST:
        raise Invalid("invalid X-Registry-Auth header: too long")
    try:
        text = text.replace("-", "+").replace("_", "/").rstrip("=")
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        return split_auth(decode(data or b"{}", AuthConfig))
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError) as err:
        raise Invalid("invalid X-Registry-Auth header: it must be base64url encoded JSON") from err


def split_auth(auth: AuthConfig) -> AuthConfig:
    """Turn the old joined form, base64 of "user:password", into the two fields; raises Invalid."""
    if auth.username or not auth.auth:
        return auth
    try:
        joined = base64.b64decode(auth.auth, validate=True).decode()
    except (binascii.Error, ValueError) as err:
        raise Invalid("invalid credentials: auth must be base64 of user:password") from err
    username, _, password = joined.partition(":")
    return msgspec.structs.replace(auth, username=username, password=password.rstrip("\0"), auth="")
