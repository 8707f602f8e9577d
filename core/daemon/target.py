"""A request's target taken apart: version prefix, path, query."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from ..errors import Invalid

_VERSION = re.compile(r"/v(\d{1,4})\.(\d{1,4})(?=/|$)")


def parse(target: str) -> tuple[str, dict[str, list[str]], tuple[int, int] | None]:
    """Return path (decoded, without version), query and version; raises Invalid for what is no target."""
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        raise Invalid("invalid request target")
    match = _VERSION.match(path)
    version = (int(match[1]), int(match[2])) if match else None
    path = path[match.end() :] if match else path
    try:
        decoded = unquote(path or "/", errors="strict")
        values = parse_qs(query, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as err:
        raise Invalid(f"invalid request target: {err}") from err
    if "\0" in decoded:
        raise Invalid("invalid request target")
    return decoded, values, version
