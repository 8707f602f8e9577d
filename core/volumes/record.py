"""What is remembered of a volume."""

from __future__ import annotations

import msgspec

VERSION = 1
ANONYMOUS_LABEL = "com.docker.volume.anonymous"


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """A volume. `created` in nanoseconds; `filled` once it was offered an image's content."""

    version: int = VERSION
    name: str
    driver: str = "local"
    created: int
    labels: dict[str, str] = {}
    options: dict[str, str] = {}
    anonymous: bool = False
