"""Log lines that are records: a JSON object, or logfmt (`key=value key="two words"`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|$)')
_ESCAPED = re.compile(r"\\(.)")
_LONGEST = 1 << 20

_LEVELS = ("level", "lvl", "severity", "levelname", "loglevel", "log.level")
_TEXTS = ("msg", "message", "event", "log", "text")
_TIMES = ("time", "ts", "timestamp", "@timestamp", "t", "date", "datetime", "asctime")
_FURTHER = 3


def fields(text: bytes) -> dict[str, object] | None:
    """Return a line's record, or None when it is none."""
    if len(text) > _LONGEST:
        return None
    line = text.strip()
    if line[:1] == b"{" and line[-1:] == b"}":
        try:
            value = msgspec.json.decode(line)
        except msgspec.DecodeError:
            return None
        return value if isinstance(value, dict) and value else None
    if b"=" not in line[:200]:
        return None
    return _logfmt(line.decode(errors="replace"))


def _logfmt(line: str) -> dict[str, object] | None:
    found: dict[str, object] = {}
    at = 0
    while at < len(line):
        pair = _PAIR.match(line, at)
        if pair is None:
            return None
        value = pair[2]
        found[pair[1]] = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
        at = pair.end()
    # One pair alone is more often a setting that was printed than a record.
    return found if len(found) > 1 else None


def flat(record: Mapping[str, object]) -> dict[str, str]:
    """Return the record's values as text, those of inner objects under `outer.inner`."""
    made: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            made |= {f"{key}.{inner}": text for inner, text in flat(value).items()}
        else:
            made[key] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return made


def choose(texts: Iterable[bytes]) -> tuple[str, ...]:
    """Return the keys to show of such lines: the level, what most records have, the message last."""
    seen: Counter[str] = Counter()
    records = 0
    for text in texts:
        if (record := fields(text)) is not None:
            records += 1
            seen.update(flat(record).keys())
    level = [key for key in _LEVELS if key in seen][:1]
    message = [key for key in _TEXTS if key in seen][:1]
    known = {*_LEVELS, *_TIMES, *message}
    common = [key for key, count in seen.most_common() if key not in known and 2 * count >= records]
    return (*level, *common[:_FURTHER], *message)
