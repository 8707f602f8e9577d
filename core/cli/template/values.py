"""Fields of records and rows, and values printed as Go's fmt prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ...errors import Invalid


class Missing:
    """What a map has not; prints as Go prints it."""

    def __bool__(self) -> bool:
        return False


MISSING = Missing()


def lookup(value: object, name: str) -> Any:
    """Return a record's field by its name on the wire, or a map's entry; names match without case at last.

    Raises Invalid where there is no such field.
    """
    if isinstance(value, msgspec.Struct):
        return _field(value, name)
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        for key, found in value.items():
            if str(key).lower() == name.lower():
                return found
        raise Invalid(f'map has no entry for key "{name}"')
    if value is None or isinstance(value, Missing):
        raise Invalid(f"nil pointer evaluating interface {{}}.{name}")
    raise Invalid(f"can't evaluate field {name} in type {_go_type(value)}")


def _field(record: msgspec.Struct, name: str) -> Any:
    encoded = record.__struct_encode_fields__
    for position, known in enumerate(encoded):
        if known == name:
            return getattr(record, record.__struct_fields__[position])
    for position, known in enumerate(encoded):
        if known.lower() == name.lower():
            return getattr(record, record.__struct_fields__[position])
    raise Invalid(f"can't evaluate field {name} in type {type(record).__name__}")


def _go_type(value: object) -> str:
    return {bool: "bool", str: "string", int: "int", float: "float64", list: "[]interface {}"}.get(
        type(value), type(value).__name__
    )


def truth(value: object) -> bool:
    """Tell Go's truth: not zero, not empty; a record is true."""
    return True if isinstance(value, msgspec.Struct) else bool(value)


def show(value: object, inner: bool = False) -> str:
    """Print a value as `{{.}}` does."""
    match value:
        case Missing():
            return "<no value>"
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
        case msgspec.Struct():
            return "{" + " ".join(show(getattr(value, name), True) for name in value.__struct_fields__) + "}"
        case Mapping():
            if inner and not value:
                # The value of a set's member is an empty struct, not a map.
                return "{}"
            return "map[" + " ".join(f"{key}:{show(value[key], True)}" for key in sorted(value)) + "]"
        case list() | tuple():
            return "[" + " ".join(show(item, True) for item in value) + "]"
        case _:
            return str(value)


def items(value: object) -> list[tuple[object, object]]:
    """Return what `range` goes over: keys in order, or indexes."""
    if isinstance(value, Mapping):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, int) and not isinstance(value, bool):
        return [(n, n) for n in range(value)]
    if value is None or isinstance(value, Missing):
        return []
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(enumerate(value))
    raise Invalid(f"range can't iterate over {show(value)}")
