"""What a registry's refusal means (distribution-spec, "Error Codes")."""

from __future__ import annotations

import re

import httpx
import msgspec

from ..errors import (
    Forbidden,
    Internal,
    Invalid,
    NotFound,
    PydockError,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from ..schema import wire

_KINDS: dict[int, type[PydockError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    429: Unavailable,
    416: Invalid,
}
_SHOWN = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class _Fault(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Faults(msgspec.Struct):
    errors: list[_Fault] | None = None


def said(data: bytes) -> str:
    """Return what the registry says in words, fit for a terminal: `manifest unknown: no such tag`."""
    try:
        faults = wire.decode(data, _Faults).errors or []
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return ""
    texts = []
    for fault in faults:
        code = fault.code.lower().replace("_", " ") if fault.code != "TOOMANYREQUESTS" else "toomanyrequests"
        texts.append(": ".join(part for part in (code, fault.message) if part))
    return _CONTROL.sub(" ", "; ".join(texts))[:_SHOWN]


def fault(answer: httpx.Response, data: bytes) -> PydockError:
    """Make the error that an answer is; what may pass when tried again is Unavailable."""
    status = answer.status_code
    words = said(data) or f"{status} {answer.reason_phrase}".strip()
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        later = f" (try again in {wait} seconds)" if wait.isdigit() else ""
        return Unavailable(f"the registry's rate limit is reached: {words}{later}")
    kind = _KINDS.get(status)
    if kind is None:
        kind = Unavailable if status >= 500 else Invalid if status >= 400 else Internal
    return kind(words)
