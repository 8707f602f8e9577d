"""The specification's `process`: arguments, environment, user, limits (runtime-spec config.md, "Process")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...schema.containers import ContainerConfig, Ulimit
from ..users import Identity

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def arguments(entrypoint: Sequence[str] | None, command: Sequence[str] | None) -> list[str]:
    """Return the program and its arguments; empty when neither the user nor the image names any."""
    return [*(entrypoint or ()), *(command or ())]


def environment(config: ContainerConfig, hostname: str, home: str, links: Sequence[str] = ()) -> list[str]:
    """Return `NAME=value` in Docker's order; a name alone in the configuration removes the variable."""
    base = [f"PATH={DEFAULT_PATH}", f"HOSTNAME={hostname}"]
    if config.tty:
        base.append("TERM=xterm")
    merged = replaced([*base, *links], config.env or ())
    return merged if any(entry.startswith("HOME=") for entry in merged) else [*merged, f"HOME={home}"]


def replaced(base: Iterable[str], overrides: Iterable[str]) -> list[str]:
    """Put `overrides` over `base`, each variable once, where it first stood."""
    values: dict[str, str | None] = {}
    for entry in (*base, *overrides):
        name, equals, value = entry.partition("=")
        values[name] = value if equals else None
    return [f"{name}={value}" for name, value in values.items() if value is not None]


def user(identity: Identity) -> dict[str, Any]:
    groups = list(identity.groups)
    # Docker's supplementary groups begin with the primary one.
    return {
        "uid": identity.uid,
        "gid": identity.gid,
        "additionalGids": [identity.gid, *(g for g in groups if g != identity.gid)],
    }


def rlimits(limits: Sequence[Ulimit] | None) -> list[dict[str, Any]]:
    return [
        {"type": f"RLIMIT_{limit.name.upper()}", "soft": limit.soft, "hard": limit.hard}
        for limit in limits or ()
    ]


def capability_sets(names: Sequence[str], uid: int) -> dict[str, list[str]]:
    """Return the five sets. Nobody but root has effective ones, and nothing is inheritable (CVE-2022-24769).

    The kernel drops root's permitted set when the process becomes an ordinary user, as in dockerd.
    """
    own = list(names)
    return {
        "bounding": own,
        "effective": own if uid == 0 else [],
        "permitted": own if uid == 0 else [],
        "inheritable": [],
        "ambient": [],
    }


def process(
    *,
    args: Sequence[str],
    env: Sequence[str],
    cwd: str,
    identity: Identity,
    capabilities: Sequence[str],
    tty: bool,
    no_new_privileges: bool,
    console_size: Sequence[int] = (),
    limits: Sequence[Ulimit] | None = None,
    oom_score_adj: int | None = None,
    apparmor: str = "",
) -> dict[str, Any]:
    """Put OCI's process object together, for a container's first process and for an exec alike."""
    result: dict[str, Any] = {
        "terminal": tty,
        "user": user(identity),
        "args": list(args),
        "env": list(env),
        "cwd": cwd or "/",
        "capabilities": capability_sets(capabilities, identity.uid),
        "noNewPrivileges": no_new_privileges,
    }
    if tty and len(console_size) == 2 and any(console_size):
        result["consoleSize"] = {"height": console_size[0], "width": console_size[1]}
    if limits:
        result["rlimits"] = rlimits(limits)
    if oom_score_adj is not None:
        result["oomScoreAdj"] = oom_score_adj
    if apparmor and apparmor != "unconfined":
        result["apparmorProfile"] = apparmor
    return result
