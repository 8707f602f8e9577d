"""Any record as indented lines for the Inspect tab: one line a value, in the words of the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..text import clean


class Line(NamedTuple):
    """A line: how deep it stands, its name, its value and the value's tone."""

    depth: int
    name: str
    value: str
    tone: str


def lines(value: object, *, empty: bool = False) -> list[Line]:
    """Flatten builtins (of a JSON document) to lines; values that say nothing are left out but on demand."""
    return list(_walk(value, 0, "", empty))


def _walk(value: object, depth: int, name: str, empty: bool) -> Iterator[Line]:
    match value:
        case dict() if value:
            inner = depth
            if name:
                yield Line(depth, name, "", "dim")
                inner = depth + 1
            for key, item in value.items():
                if empty or says_something(item):
                    yield from _walk(item, inner, str(key), empty)
        case list() if value:
            yield Line(depth, name, "", "dim")
            for item in value:
                yield from _item(item, depth + 1, empty)
        case _:
            yield Line(depth, name, *_scalar(value))


def says_something(value: object) -> bool:
    """Whether there is anything in a value but nulls, zeros, empty texts and the zero time."""
    match value:
        case dict():
            return any(says_something(item) for item in value.values())
        case list():
            return any(says_something(item) for item in value)
        case _:
            return bool(value) and value != "0001-01-01T00:00:00Z"


def _item(item: object, depth: int, empty: bool) -> Iterator[Line]:
    if isinstance(item, dict | list) and item:
        inner = list(_walk(item, depth + 1, "", empty))
        # The dash takes the place of the first line's indent, as in YAML.
        if inner:
            yield Line(depth, f"- {inner[0].name}", inner[0].value, inner[0].tone)
            yield from inner[1:]
    else:
        yield Line(depth, "-", *_scalar(item))


def _scalar(value: object) -> tuple[str, str]:
    match value:
        case bool():
            return ("true" if value else "false"), "number"
        case int() | float():
            return str(value), "number"
        case None | "" | [] | {}:
            return "-", "faint"
        case _:
            return clean(str(value)), "string"
