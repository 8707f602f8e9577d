"""Control groups of a container: made, limited, frozen, killed, read and removed; v1, hybrid and v2 alike.

Everybody uses the functions of this package (`facade`); `v1` and `v2` hold the tables of the two interfaces.
A container's cgroup is `pydock/<container id>` below each controller unless its spec names a path.
"""

from __future__ import annotations

from .devices import with_device_defaults
from .facade import (
    apply,
    create,
    create_v1,
    create_v2,
    freeze,
    frozen,
    join,
    kill,
    oom_kills,
    open_v2,
    pids,
    remove,
    stats,
    thaw,
)
from .records import Group, Resources, Usage, group, resources

__all__ = [
    "Group",
    "Resources",
    "Usage",
    "apply",
    "create",
    "create_v1",
    "create_v2",
    "freeze",
    "frozen",
    "group",
    "join",
    "kill",
    "oom_kills",
    "open_v2",
    "pids",
    "remove",
    "resources",
    "stats",
    "thaw",
    "with_device_defaults",
]
