"""Compiled filters by profile: the compiler takes milliseconds, a start takes ten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def compiled(profile: Mapping[str, Any], arch: str) -> tuple[bytes, int]:
    return b"", 0
