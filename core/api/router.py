"""Which function answers a request: methods and path patterns."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..schema.message import Response
from .call import Call

if TYPE_CHECKING:
    from ..engine import Engine

Endpoint = Callable[["Engine", Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` has `{name}` for one part of the path and `{name*}` for one with slashes in it."""

    method: str
    pattern: str
    endpoint: Endpoint


class Router:
    """Finds routes. Patterns are tried in the table's order among those with the same first part."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, str], list[tuple[re.Pattern[str], Endpoint]]] = {}
        for route in routes:
            key = (route.method, _first_part(route.pattern))
            self._routes.setdefault(key, []).append((_compile(route.pattern), route.endpoint))

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        for pattern, endpoint in self._routes.get((method, _first_part(path)), ()):
            match = pattern.fullmatch(path)
            if match:
                return endpoint, match.groupdict()
        return None


def _first_part(path: str) -> str:
    return path[1:].partition("/")[0]


def _compile(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\*?)\}", pattern)
    text = re.escape(parts[0])
    for name, star, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        text += f"(?P<{name}>{'.+' if star else '[^/]+'}){re.escape(rest)}"
    return re.compile(text, re.DOTALL)
