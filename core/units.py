"""Sizes, durations and times as Docker reads and prints them.

Inside pydock a size is bytes, a duration and a time are nanoseconds (time since the epoch).
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from .errors import Invalid

SECOND = 1_000_000_000
ZERO_TIME = "0001-01-01T00:00:00Z"

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kKmMgGtTpP])?[iI]?[bB]?")
_EXPONENTS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_DECIMAL = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_DURATION_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9})\d*)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_UNIX = re.compile(r"(\d+)(?:\.(\d{1,9})\d*)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_size(text: str) -> int:
    """Read a size with binary units ("512m", "1.5GiB", "64"); raises Invalid."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise Invalid(f"invalid size: '{text}'")
    return int(float(match[1]) * 1024 ** _EXPONENTS[(match[2] or "").lower()])


def human_size(size: float, digits: int = 3) -> str:
    """Print a size with decimal units and significant digits as `docker images` does: 4.26MB."""
    return _human(size, 1000.0, _DECIMAL, digits)


def human_size_binary(size: float, digits: int = 4) -> str:
    """Print a size with binary units as `docker stats` does: 1.944GiB."""
    return _human(size, 1024.0, _BINARY, digits)


def _human(size: float, base: float, units: tuple[str, ...], digits: int) -> str:
    value, unit = float(size), 0
    while value >= base and unit < len(units) - 1:
        value /= base
        unit += 1
    return f"{value:.{digits}g}{units[unit]}"


def parse_duration(text: str) -> int:
    """Read a Go duration ("1h30m", "1.5s", "0") in nanoseconds; raises Invalid."""
    body = text.removeprefix("-").removeprefix("+")
    if body == "0":
        return 0
    parts = _DURATION_PART.findall(body)
    if not parts or "".join(n + u for n, u in parts) != body:
        raise Invalid(f'time: invalid duration "{text}"')
    total = sum(_exact(number, _DURATION_UNITS[unit]) for number, unit in parts)
    return -total if text.startswith("-") else total


def _exact(number: str, unit: int) -> int:
    whole, _, fraction = number.partition(".")
    parts: int = 10 ** len(fraction)
    return int(whole or "0") * unit + int(fraction or "0") * unit // parts


def format_duration(nanoseconds: int) -> str:
    """Print a duration as Go's Duration.String does: 1h0m30s, 1.5s, 100ms, 0s."""
    if nanoseconds < 0:
        return "-" + format_duration(-nanoseconds)
    if nanoseconds < SECOND:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if nanoseconds >= size:
                return _trim(nanoseconds, size) + unit
        return "0s"
    minutes, rest = divmod(nanoseconds, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return head + _trim(rest, SECOND) + "s"


def _trim(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    width = len(str(unit)) - 1
    return f"{whole}.{rest:0{width}d}".rstrip("0")


def human_duration(seconds: float) -> str:
    """Print how long something lasts in words as `docker ps` does: "About a minute", "3 weeks"."""
    whole = int(seconds)
    minutes, hours = whole // 60, int(seconds / 3600 + 0.5)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    if hours == 1:
        return "About an hour"
    for limit, size, unit in ((48, 1, "hours"), (24 * 14, 24, "days"), (24 * 60, 168, "weeks")):
        if hours < limit:
            return f"{hours // size} {unit}"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{int(seconds / 3600) // 24 // 365} years"


def now() -> int:
    return time.time_ns()


def rfc3339(nanoseconds: int) -> str:
    """Print a time as Go's RFC3339Nano in UTC (no trailing zeros); 0 is Go's zero time."""
    if not nanoseconds:
        return ZERO_TIME
    seconds, rest = divmod(nanoseconds, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def parse_timestamp(text: str, relative_to: int | None = None) -> int:
    """Read RFC 3339, a date, unix seconds ("1700000000.5") or a Go duration before now; raises Invalid.

    These are the forms of Docker's `since` and `until`. Go's zero time is 0.
    """
    text = text.strip()
    if match := _UNIX.fullmatch(text):
        return int(match[1]) * SECOND + int((match[2] or "0").ljust(9, "0"))
    if match := _RFC3339.fullmatch(text):
        return _from_rfc3339(match, text)
    reference = now() if relative_to is None else relative_to
    try:
        return reference - parse_duration(text)
    except Invalid:
        raise Invalid(f'failed to parse value as time or duration: "{text}"') from None


def _from_rfc3339(match: re.Match[str], text: str) -> int:
    date, clock, fraction, zone = match.groups()
    clock = clock or "00:00:00"
    if clock.count(":") == 1:
        clock += ":00"
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone in (None, 'Z') else zone}")
    except ValueError as err:
        raise Invalid(f'failed to parse time "{text}": {err}') from err
    if moment.year == 1:
        return 0
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * SECOND + int((fraction or "0").ljust(9, "0"))
