"""How Docker's JSON becomes a record and back: names, omissions, nulls.

Three habits of dockerd decide this module. Names are Go's (`IPAMConfig`, `NanoCpus`). Some empty fields are
left out and others are printed, field by field. And null stands for any empty value in what clients send, so
that a string may be null and `Cmd` may be a string (docker-py and old clients do both).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Names = Callable[[str], str]


def names(**exceptions: str) -> Names:
    """Return the renaming of a struct: `snake_case` to `SnakeCase`, but for the fields named here."""

    def rename(field: str) -> str:
        known = exceptions.get(field)
        return known if known is not None else "".join(part.capitalize() for part in field.split("_"))

    return rename


def always(default: T) -> T:
    """Give a field a default that is printed; a plain default is left out of the JSON."""
    if isinstance(default, list | dict):
        return msgspec.field(default_factory=default.copy)  # type: ignore[return-value]  # a copy of a T is a T
    return msgspec.field(default_factory=lambda: default)


def fresh(kind: Callable[[], T]) -> T:
    """Give a field an empty record as default; it is printed."""
    return msgspec.field(default_factory=kind)


class Wire(msgspec.Struct, kw_only=True, omit_defaults=True, rename=names()):
    """A record on the wire. Fields equal to a plain default are not printed, fields made by `always` are."""


_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def encode(value: object) -> bytes:
    """Return the JSON of a record (or of lists and maps of records), compact."""
    return _encoder.encode(value)


def decode(data: bytes | str, kind: type[T]) -> T:
    """Read JSON as `kind`, as forgiving as Go is; raises msgspec.ValidationError or msgspec.DecodeError."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        return decoder.decode(data)  # type: ignore[no-any-return]  # one decoder a kind, so it is a T
    except msgspec.ValidationError:
        return convert(msgspec.json.decode(data), kind)


def decode_request(data: bytes, kind: type[T]) -> T:
    """Read what a client sent: as `decode`, and names in any case, as Go does (docker-py needs it)."""
    return convert(msgspec.json.decode(data), kind)


def convert(value: object, kind: type[T]) -> T:
    """Turn plain JSON values into `kind`, forgiving as `decode` is."""
    return msgspec.convert(_forgive(value, msgspec.inspect.type_info(kind)), kind)


def to_plain(value: object) -> Any:
    """Return the maps, lists and scalars of a record, named as on the wire."""
    return msgspec.to_builtins(value)


def _forgive(value: object, kind: msgspec.inspect.Type) -> object:
    """Drop nulls where `kind` knows none, wrap a string where a list stands, match names without case."""
    match kind:
        case msgspec.inspect.UnionType(types=types):
            if value is None:
                return None
            best = [t for t in types if not isinstance(t, msgspec.inspect.NoneType)]
            return _forgive(value, best[0]) if len(best) == 1 else value
        case msgspec.inspect.StructType(fields=fields) if isinstance(value, dict):
            return _forgive_struct(value, fields)
        case msgspec.inspect.ListType(item_type=item):
            if value is None or isinstance(value, str):
                return [] if value is None else [value]
            return [_forgive(v, item) for v in value] if isinstance(value, list) else value
        case msgspec.inspect.DictType(value_type=item) if isinstance(value, dict):
            empty = isinstance(item, msgspec.inspect.StructType | msgspec.inspect.DictType)
            return {k: _forgive({} if v is None and empty else v, item) for k, v in value.items()}
        case _:
            return value


def _forgive_struct(value: dict[str, object], fields: tuple[msgspec.inspect.Field, ...]) -> dict[str, object]:
    by_name = {f.encode_name: f for f in fields}
    folded = {name.lower(): name for name in by_name}
    result: dict[str, object] = {}
    for key, item in value.items():
        name = key if key in by_name else folded.get(key.lower())
        if name is None:
            continue
        item = _forgive(item, by_name[name].type)
        if item is not None or _takes_null(by_name[name].type):
            result[name] = item
    return result


def _takes_null(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(isinstance(t, msgspec.inspect.NoneType) for t in kind.types)
    return isinstance(kind, msgspec.inspect.NoneType | msgspec.inspect.AnyType)
