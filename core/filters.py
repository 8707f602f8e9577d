"""Docker's `filters` parameter: `{"label":["a=b"]}` or the older `{"label":{"a=b":true}}`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .errors import Invalid


@dataclass(frozen=True, slots=True)
class Filters:
    """Names to wanted values. Several values of one name are alternatives; labels must all match."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Filters:
        """Decode the query parameter; raises Invalid."""
        if not text:
            return cls()
        try:
            decoded = json.loads(text)
        except ValueError as err:
            raise Invalid(f"invalid filter: {err}") from err
        if not isinstance(decoded, dict):
            raise Invalid("invalid filter: not an object")
        return cls({str(name): _alternatives(name, values) for name, values in decoded.items()})

    @classmethod
    def from_pairs(cls, pairs: Collection[str]) -> Filters:
        """Read `--filter name=value` arguments of a command line; raises Invalid."""
        collected: dict[str, tuple[str, ...]] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise Invalid(
                    f'invalid argument "{pair}" for "-f, --filter" flag: '
                    "bad format of filter (expected name=value)"
                )
            name = name.strip().lower()
            collected[name] = (*collected.get(name, ()), value.strip())
        return cls(collected)

    def encode(self) -> str:
        """The query parameter's text."""
        return json.dumps({name: list(values) for name, values in self.values.items()})

    def __bool__(self) -> bool:
        return bool(self.values)

    def get(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())

    def flag(self, name: str, default: bool = False) -> bool:
        """A filter that is true or false; raises Invalid for other values."""
        values = set(self.get(name))
        if not values:
            return default
        truths, falsehoods = (
            {"1", "true", "True", "TRUE", "t", "T"},
            {"0", "false", "False", "FALSE", "f", "F"},
        )
        if values <= truths:
            return True
        if values <= falsehoods:
            return False
        raise Invalid(f"invalid filter '{name}={sorted(values)[0]}'")

    def require_known(self, names: Collection[str]) -> None:
        """Raise Invalid when a filter is not among `names`."""
        for name in self.values:
            if name not in names:
                raise Invalid(f"invalid filter '{name}'")

    def matches_labels(self, labels: Mapping[str, str], name: str = "label") -> bool:
        """Tell whether every wanted `key` or `key=value` is among `labels`."""
        return all(_has_label(labels, wanted) for wanted in self.get(name))


def _alternatives(name: object, values: object) -> tuple[str, ...]:
    if isinstance(values, dict):
        return tuple(str(value) for value, wanted in values.items() if wanted)
    if isinstance(values, list):
        return tuple(str(value) for value in values)
    raise Invalid(f"invalid filter '{name}': not a list")


def _has_label(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)
