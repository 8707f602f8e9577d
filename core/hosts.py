"""Which engine is meant: by an option, the environment, or docker's context files. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Mapping


def chosen_host(host: str | None = None, environment: Mapping[str, str] | None = None) -> str | None:
    """Return the daemon's address (`unix://…`, `tcp://…`), or None for the embedded engine.

    A `host` asked for goes before PYDOCK_HOST, and that before DOCKER_HOST; "embedded" and "" are None.
    """
    values = os.environ if environment is None else environment
    chosen = host
    if chosen is None:
        chosen = values.get("PYDOCK_HOST")
    if chosen is None:
        chosen = values.get("DOCKER_HOST")
    return None if chosen in (None, "", "embedded") else chosen
