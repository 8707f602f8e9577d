"""Statuses, headers and errors of the registry (distribution-spec, "Error Codes")."""

from __future__ import annotations

import json as _json
from collections.abc import Mapping

from ...schema.message import Response

_VERSION = {"docker-distribution-api-version": "registry/2.0"}
_MESSAGES = {
    "BLOB_UNKNOWN": "blob unknown to registry",
    "BLOB_UPLOAD_INVALID": "blob upload invalid",
    "BLOB_UPLOAD_UNKNOWN": "blob upload unknown to registry",
    "DIGEST_INVALID": "provided digest did not match uploaded content",
    "MANIFEST_BLOB_UNKNOWN": "manifest references a manifest or blob unknown to registry",
    "MANIFEST_INVALID": "manifest invalid",
    "MANIFEST_UNKNOWN": "manifest unknown to registry",
    "NAME_INVALID": "invalid repository name",
    "NAME_UNKNOWN": "repository name not known to registry",
    "SIZE_INVALID": "provided length did not match content length",
    "UNAUTHORIZED": "authentication required",
    "UNSUPPORTED": "the operation is unsupported",
}
_STATUS = {
    "BLOB_UNKNOWN": 404,
    "BLOB_UPLOAD_UNKNOWN": 404,
    "MANIFEST_UNKNOWN": 404,
    "NAME_UNKNOWN": 404,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED": 405,
}


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, code: str, detail: str = "", status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status or _STATUS.get(code, 400)


def refusal(err: Refused, headers: Mapping[str, str] | None = None) -> Response:
    message = f"{_MESSAGES[err.code]}: {err.detail}" if err.detail else _MESSAGES[err.code]
    body = {"errors": [{"code": err.code, "message": message, "detail": err.detail or None}]}
    return json(body, err.status, headers)


def json(
    value: object,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    data = _json.dumps(value, separators=(",", ":")).encode()
    return Response(status, {**_VERSION, "content-type": media_type, **(headers or {})}, data)


def empty(status: int, **headers: str) -> Response:
    """Make an answer without a body; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {**_VERSION, **named}, b"")
