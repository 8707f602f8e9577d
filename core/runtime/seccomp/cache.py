"""Compiled filters by profile: the compiler takes milliseconds, a whole start takes ten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import Unsupported
from .compiler import compile_profile
from .numbers import OF_MACHINE
from .rules import parse

_CAPACITY = 32
_filters: dict[str, tuple[bytes, int]] = {}


def compiled(profile: Mapping[str, Any], machine: str) -> tuple[bytes, int]:
    """Give the filter and its flags for OCI's seccomp object. Raises Invalid, Unsupported.

    What was compiled before a fork is there after it: a spawner asks once for the default profile.
    """
    if machine not in OF_MACHINE:
        raise Unsupported(f"no system call table for {machine}: run with seccomp=unconfined")
    # The text of a decoded JSON value names it; it is taken in a tenth of the time of a canonical encoding.
    key = f"{machine} {profile!r}"
    found = _filters.get(key)
    if found is None:
        parsed = parse(profile)
        found = compile_profile(parsed, OF_MACHINE[machine]), parsed.flags
        if len(_filters) >= _CAPACITY:
            _filters.clear()
        _filters[key] = found
    return found
