"""Names and numbers of signals as Docker reads them: "TERM", "SIGTERM", "15", "RTMIN+3" (signal(7))."""

from __future__ import annotations

import signal

from ..errors import Invalid

_LOWEST_REAL_TIME, _HIGHEST_REAL_TIME = 34, 64
_ALIASES = {"CLD": signal.SIGCHLD, "POLL": signal.SIGIO, "IOT": signal.SIGABRT, "STKFLT": 16}
_NAMES: dict[str, int] = {
    **{name.removeprefix("SIG"): int(number) for name, number in signal.Signals.__members__.items()},
    **{name: int(number) for name, number in _ALIASES.items()},
    "RTMIN": _LOWEST_REAL_TIME,
    "RTMAX": _HIGHEST_REAL_TIME,
}


def parse_signal(text: str) -> int:
    """Return the number of a signal's name or number; raises Invalid."""
    if text.isdecimal():
        number = int(text)
        if 0 < number <= _HIGHEST_REAL_TIME:
            return number
        raise Invalid(f"invalid signal: {text}")
    name = text.upper().removeprefix("SIG")
    if name in _NAMES:
        return _NAMES[name]
    number = _real_time(name)
    if not _LOWEST_REAL_TIME <= number <= _HIGHEST_REAL_TIME:
        raise Invalid(f"invalid signal: {text}")
    return number


def _real_time(name: str) -> int:
    for base, sign in (("RTMIN+", 1), ("RTMAX-", -1)):
        offset = name.removeprefix(base)
        if offset != name and offset.isdecimal():
            return _NAMES[base[:-1]] + sign * int(offset)
    return 0
