"""What a request says: path parameters, query values by Docker's rules, JSON bodies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ..errors import Invalid
from ..filters import Filters
from ..schema import wire
from ..schema.message import Request

T = TypeVar("T")
_FALSE = frozenset({"", "0", "no", "false", "none"})
_BODY_LIMIT = 16 << 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_LARGEST = 1 << 63
# What Go's reader of JSON says where msgspec says what is on the left, by the character that it met.
_GO = {
    "object keys must be strings": "invalid character {} looking for beginning of object key string",
    "invalid character": "invalid character {} looking for beginning of value",
    "expected ':'": "invalid character {} after object key",
    "expected ',' or '}'": "invalid character {} after object key:value pair",
    "expected ',' or ']'": "invalid character {} after array element",
    "trailing characters": "invalid character {} after top-level value",
    "truncated": "unexpected EOF",
}
_POSITION = re.compile(r"\(byte (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its route. `params` are the named parts of the path."""

    request: Request
    params: dict[str, str]

    def text(self, name: str, default: str = "") -> str:
        values = self.request.query.get(name)
        return values[0] if values else default

    def texts(self, name: str) -> list[str]:
        return list(self.request.query.get(name, ()))

    def has(self, name: str) -> bool:
        return name in self.request.query

    def flag(self, name: str, default: bool = False) -> bool:
        """Read a truth as dockerd does: all is true but "", 0, no, false and none."""
        if name not in self.request.query:
            return default
        return self.text(name).strip().lower() not in _FALSE

    def number(self, name: str) -> int | None:
        """Read a whole number; None when it is missing; raises Invalid."""
        value = self.text(name)
        if not value:
            return None
        wrong = "" if _NUMBER.fullmatch(value) else "invalid syntax"
        if not wrong and not -_LARGEST <= int(value) < _LARGEST:
            wrong = "value out of range"
        if wrong:
            raise Invalid(f'invalid value for {name}: strconv.ParseInt: parsing "{value}": {wrong}')
        return int(value)

    def size(self) -> tuple[int, int]:
        """Read a terminal's size as rows, columns; raises Invalid."""
        rows, columns = self.number("h"), self.number("w")
        if rows is None or columns is None:
            missing = "h" if rows is None else "w"
            raise Invalid(f'invalid resize {"height" if missing == "h" else "width"} "": invalid syntax')
        return rows, columns

    def filters(self) -> Filters:
        return Filters.parse(self.text("filters"))

    async def json(self, kind: type[T], required: bool = True) -> T:
        """Decode the body; raises Invalid for what is no JSON, no object of that kind, or not there."""
        data = await self.data()
        if not data.strip():
            if required:
                raise Invalid("invalid JSON: got EOF while reading request body")
            data = b"{}"
        content_type = self.request.headers.get("content-type", "").partition(";")[0].strip()
        if content_type and content_type != "application/json":
            raise Invalid(f"unsupported Content-Type header ({content_type}): must be 'application/json'")
        if data.strip() == b"null":
            # Go reads it as nothing said, and Docker's command line sends it so.
            data = b"{}"
        try:
            return wire.decode_request(data, kind)
        except msgspec.ValidationError as err:
            raise Invalid(f"invalid JSON: {err}") from err
        except (msgspec.MsgspecError, ValueError, RecursionError) as err:
            raise Invalid(f"invalid JSON: {_in_go(str(err), data)}") from err

    async def data(self) -> bytes:
        """Return the whole body; raises Invalid when it is larger than any JSON has to be."""
        body = self.request.body
        if isinstance(body, bytes):
            return body
        collected = bytearray()
        async for chunk in body:
            collected += chunk
            if len(collected) > _BODY_LIMIT:
                raise Invalid("request body too large")
        return bytes(collected)

    def stream(self) -> AsyncIterator[bytes]:
        """Return the body as it comes."""
        body = self.request.body
        return _once(body) if isinstance(body, bytes) else body

    def since(self, major: int, minor: int) -> bool:
        """Tell whether the client speaks this version or a later one; naming none is the newest."""
        return self.request.version is None or self.request.version >= (major, minor)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


def _in_go(message: str, data: bytes) -> str:
    """Say what is wrong with JSON in the words that Docker's clients know."""
    position = _POSITION.search(message)
    place = int(position[1]) if position else len(data)
    for said, meant in _GO.items():
        if said in message:
            return meant.format(repr(chr(data[place])) if place < len(data) else "' '")
    return message
