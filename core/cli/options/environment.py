"""Environment variables and labels, from flags and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..failure import Failure, UsageError
from ..flags import USAGE_STATUS


def variables(files: Sequence[str], given: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the files' variables, then those given; a name alone takes its value from `environment`.

    Raises Failure for a file, UsageError for a flag.
    """
    found: list[str] = []
    for path in files:
        for entry in _lines(path):
            name, equals, _ = entry.partition("=")
            if equals:
                found.append(entry)
            elif name in environment:
                found.append(f"{name}={environment[name]}")
    for entry in given:
        name, equals, _ = entry.partition("=")
        if not name:
            message = (
                f'invalid argument "{entry}" for "-e, --env" flag: invalid environment variable: {entry}'
            )
            raise UsageError(message, USAGE_STATUS)
        found.append(f"{name}={environment[name]}" if not equals and name in environment else entry)
    return found


def labels(files: Sequence[str], given: Sequence[str]) -> dict[str, str]:
    """Return labels; a key alone has an empty value."""
    entries = [entry for path in files for entry in _lines(path)]
    return pairs([*entries, *given])


def pairs(entries: Sequence[str]) -> dict[str, str]:
    """Read `key=value` entries; later ones win."""
    return {key: value for key, _, value in (entry.partition("=") for entry in entries)}


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            content = file.read()
    except OSError as err:
        raise Failure(f"open {path}: {(err.strerror or '').lower()}", USAGE_STATUS) from err
    except UnicodeDecodeError as err:
        raise Failure(f"invalid env file ({path}): not UTF-8", USAGE_STATUS) from err
    found = []
    for text in content.splitlines():
        text = text.lstrip()
        if not text or text.startswith("#"):
            continue
        name = text.partition("=")[0]
        if not name:
            raise Failure(f"invalid env file ({path}): no variable name on line '{text}'", USAGE_STATUS)
        if any(c.isspace() for c in name):
            raise Failure(f"invalid env file ({path}): variable '{name}' contains whitespaces", USAGE_STATUS)
        found.append(text)
    return found
