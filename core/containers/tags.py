"""Log tags: the fields of Docker's templates that say which container a line is of; pure.

https://docs.docker.com/engine/logging/log_tags/
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import Invalid

_FIELD = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")
FIELDS = frozenset({"ID", "FullID", "Name", "ImageID", "ImageFullID", "ImageName", "DaemonName"})


def check(template: str) -> None:
    """Refuse what `fill` would not understand; raises Invalid."""
    for name in _FIELD.findall(template):
        if name not in FIELDS:
            raise Invalid(f"invalid log tag: no field {name}: use one of {', '.join(sorted(FIELDS))}")
    if "{{" in _FIELD.sub("", template):
        raise Invalid(f"invalid log tag: {template!r}: only plain fields, as {{{{.Name}}}}, are supported")


def fill(template: str, identity: str, name: str, image: str, image_name: str) -> str:
    """Put a container's words into a template."""
    values: Mapping[str, str] = {
        "ID": identity[:12],
        "FullID": identity,
        "Name": name,
        "ImageID": image.removeprefix("sha256:")[:12],
        "ImageFullID": image,
        "ImageName": image_name,
        "DaemonName": "pydock",
    }
    return _FIELD.sub(lambda match: values[match[1]], template)
