"""The functions a template may call: Go's own, and docker's (json, join, split, upper, …)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from ...errors import Invalid
from .values import MISSING, lookup, show, truth


def _json(value: object) -> str:
    if isinstance(value, Mapping):
        # A row's methods are no columns.
        value = {key: item for key, item in value.items() if not callable(item)}
    plain = None if value is MISSING else msgspec.to_builtins(value)
    return msgspec.json.encode(plain, order="deterministic" if isinstance(value, dict) else None).decode()


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if value is None or value is MISSING:
            raise Invalid("error calling index: index of untyped nil")
        if isinstance(value, Mapping):
            value = value.get(key, MISSING)
        elif isinstance(value, msgspec.Struct):
            value = lookup(value, str(key))
        elif isinstance(key, int) and 0 <= key < len(value):
            value = ord(value[key]) if isinstance(value, str) else value[key]
        else:
            raise Invalid(f"error calling index: index out of range: {key}")
    return value


def _slice(value: Any, *bounds: int) -> Any:
    return value[slice(*(bounds or (0,)) if len(bounds) != 1 else (bounds[0], None))]


def _length(value: Any) -> int:
    if value is None or value is MISSING:
        raise Invalid("error calling len: len of nil pointer")
    return len(value)


def _compare(left: Any, right: Any) -> int:
    if isinstance(left, str) != isinstance(right, str):
        raise Invalid("error calling lt: incompatible types for comparison")
    return int(left > right) - int(left < right)


def _printf(pattern: str, *values: object) -> str:
    remaining = list(values)

    def one(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        if not remaining:
            return f"%!{match[2]}(MISSING)"
        return _verb(match[1], match[2], remaining.pop(0))

    return re.sub(r"%([-+# 0]*\d*(?:\.\d+)?)([a-zA-Z%])", one, pattern)


def _verb(flags: str, verb: str, value: Any) -> str:
    match verb:
        case "v" | "s":
            return f"%{flags.replace('+', '').replace('#', '')}s" % show(value)
        case "q":
            return msgspec.json.encode(show(value)).decode()
        case "t":
            return show(bool(value))
        case "d" | "x" | "X" | "o" | "e" | "f" | "g" | "c":
            return str(f"%{flags}{verb}" % value)
        case "T":
            return type(value).__name__
    return f"%!{verb}({show(value)})"


def _print(*values: object) -> str:
    out = ""
    for position, value in enumerate(values):
        between = position and not isinstance(value, str) and not isinstance(values[position - 1], str)
        out += (" " if between else "") + show(value)
    return out


def _and(*values: object) -> object:
    return next((value for value in values if not truth(value)), values[-1])


def _or(*values: object) -> object:
    return next((value for value in values if truth(value)), values[-1])


def _join(values: Any, separator: str) -> str:
    return separator.join(show(value) for value in values or ())


def _truncate(text: str, width: int) -> str:
    return text if len(text) <= width else text[:width]


def _pad(text: str, before: int, after: int) -> str:
    return text if not text else " " * before + text + " " * after


def _html(*values: object) -> str:
    import html

    return html.escape(_print(*values))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "json": _json,
    "split": lambda text, separator: text.split(separator),
    "join": _join,
    "title": lambda text: text.title(),
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "pad": _pad,
    "truncate": _truncate,
    "and": _and,
    "or": _or,
    "not": lambda value: not truth(value),
    "eq": lambda left, *right: any(left == value for value in right),
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: _compare(left, right) < 0,
    "le": lambda left, right: _compare(left, right) <= 0,
    "gt": lambda left, right: _compare(left, right) > 0,
    "ge": lambda left, right: _compare(left, right) >= 0,
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _print,
    "println": lambda *values: " ".join(show(value) for value in values) + "\n",
    "printf": _printf,
    "html": _html,
    "urlquery": lambda *values: quote(_print(*values), safe=""),
    "call": lambda function, *values: function(*values),
}
