"""Who may use the registry: lines `name:scrypt:n:r:p:salt:hash`, salt and hash in base64 (RFC 7914)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import os
import re
from pathlib import Path

from ...errors import Invalid, NotFound, PydockError
from ...files import atomic_write

_log = logging.getLogger(__name__)

_N, _R, _P = 1 << 14, 8, 1
_LENGTH = 32
_NAME = re.compile(r"[^:\s\x00-\x1f]{1,200}")
_KNOWN_MOST = 1000


class Users:
    """The users of a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, str] = {}
        self._read_at = 0
        # What was verified lately, by keyed hash: scrypt is slow on purpose, a push is hundreds of requests.
        self._key = os.urandom(32)
        self._known: set[bytes] = set()

    async def admits(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header is a known user's."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return False
        self._refresh()
        mark = hmac.digest(self._key, encoded.encode(), "sha256")
        if mark in self._known:
            return True
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        # An unknown name costs as much time as a wrong password.
        line = self._lines.get(name) or _line("", os.urandom(16), os.urandom(_LENGTH))
        if not await asyncio.to_thread(_matches, line, password):
            return False
        if len(self._known) >= _KNOWN_MOST:
            self._known.clear()
        self._known.add(mark)
        return True

    def _refresh(self) -> None:
        """Read the file when it changed; a file that is gone or damaged admits nobody."""
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            changed = -1
        if changed == self._read_at:
            return
        self._known.clear()
        self._read_at = changed
        try:
            self._lines = read(self._path)
        except PydockError as err:
            _log.error("nobody is let in: %s", err)
            self._lines = {}


def read(path: Path) -> dict[str, str]:
    """Return the lines of a file by user; raises Invalid for what is no such line, NotFound."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise NotFound(f"no such file of users: {path}") from None
    lines = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            name, _, kind = line.partition(":")
            if not kind.startswith("scrypt:"):
                raise Invalid(f"line {number} of {path} is no scrypt hash: write it with 'registry passwd'")
            lines[name] = line
    return lines


def write(path: Path, name: str, password: str) -> None:
    """Set a user's password in a file, which is made when it is not there; raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(f"invalid user name: {name[:100]!r}")
    if not password:
        raise Invalid("a password must not be empty")
    lines = read(path) if path.exists() else {}
    salt = os.urandom(16)
    lines[name] = _line(name, salt, _hash(password, salt, _N, _R, _P))
    atomic_write(path, "".join(line + "\n" for line in lines.values()).encode())


def _line(name: str, salt: bytes, hashed: bytes) -> str:
    parts = (base64.b64encode(part).decode() for part in (salt, hashed))
    return ":".join([name, "scrypt", str(_N), str(_R), str(_P), *parts])


def _hash(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 << 20, dklen=_LENGTH)


def _matches(line: str, password: str) -> bool:
    try:
        _, _, n, r, p, salt, wanted = line.split(":")
        found = _hash(password, base64.b64decode(salt), int(n), int(r), int(p))
        return hmac.compare_digest(found, base64.b64decode(wanted))
    except (ValueError, binascii.Error):
        return False
