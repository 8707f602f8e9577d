"""The spec's `process` object as a record, with its rules checked; pure (OCI runtime-spec config.md)."""

from __future__ import annotations

import posixpath
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Invalid
from .capabilities import mask, names
from .host import Host

_RLIMITS = {
    "RLIMIT_" + name: getattr(resource, "RLIMIT_" + name)
    for name in (
        "AS CORE CPU DATA FSIZE MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK"
    ).split()
    if hasattr(resource, "RLIMIT_" + name)
} | {"RLIMIT_LOCKS": 10, "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12, "RLIMIT_RTTIME": 15}

_NO_ID = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Rlimit:
    """One resource limit; -1 is without end."""

    name: str
    number: int
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Four sets as bit masks; the inheritable set is always empty (CVE-2022-24769)."""

    bounding: int
    effective: int
    permitted: int
    ambient: int


@dataclass(frozen=True, slots=True)
class Process:
    """A program to execute and as what.

    `env` is as given, in order; `console` is (rows, columns) or (0, 0). `seccomp` is a compiled filter or
    empty, `seccomp_flags` go with it. `init` is a program to run before it (`--init`), or empty.
    """

    args: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    umask: int
    terminal: bool
    console: tuple[int, int]
    capabilities: Capabilities
    rlimits: tuple[Rlimit, ...]
    no_new_privileges: bool
    oom_score_adj: int | None
    apparmor: str
    seccomp: bytes
    seccomp_flags: int
    init: bytes = b""


def process(
    entry: Mapping[str, Any], host: Host, seccomp: tuple[bytes, int], init: bytes = b""
) -> tuple[Process, list[str]]:
    """Read a process object; give it with warnings. Raises Invalid naming the field."""
    user = entry.get("user") or {}
    warnings: list[str] = []
    terminal = bool(entry.get("terminal"))
    size = entry.get("consoleSize") or {}
    result = Process(
        args=_args(entry),
        env=_env(entry),
        cwd=_cwd(entry),
        uid=_id(user, "uid"),
        gid=_id(user, "gid"),
        groups=tuple(_number("user.additionalGids", g) for g in user.get("additionalGids") or ()),
        umask=_umask(user),
        terminal=terminal,
        console=(int(size.get("height", 0)), int(size.get("width", 0))) if terminal else (0, 0),
        capabilities=_capabilities(entry.get("capabilities") or {}, host, warnings),
        rlimits=_rlimits(entry.get("rlimits") or ()),
        no_new_privileges=bool(entry.get("noNewPrivileges")),
        oom_score_adj=_oom_score_adj(entry),
        apparmor=_apparmor(entry, host, warnings),
        seccomp=seccomp[0],
        seccomp_flags=seccomp[1],
        init=init,
    )
    return result, warnings


def _args(entry: Mapping[str, Any]) -> tuple[str, ...]:
    args = tuple(map(str, entry.get("args") or ()))
    if not args or not args[0]:
        raise Invalid("no command specified")
    for arg in args:
        if "\0" in arg:
            raise Invalid(f"argument contains a NUL character: {arg!r}")
    return args


def _env(entry: Mapping[str, Any]) -> tuple[str, ...]:
    env = tuple(map(str, entry.get("env") or ()))
    for variable in env:
        if "\0" in variable or "=" not in variable[1:]:
            raise Invalid(f"invalid environment variable: {variable!r}")
    return env


def _cwd(entry: Mapping[str, Any]) -> str:
    cwd = str(entry.get("cwd") or "/")
    if not cwd.startswith("/") or "\0" in cwd:
        raise Invalid(f"working directory must be absolute: {cwd!r}")
    return "/" + posixpath.normpath(cwd).lstrip("/")


def _id(user: Mapping[str, Any], key: str) -> int:
    return _number(f"user.{key}", user.get(key) or 0)


def _number(field: str, value: Any) -> int:
    number = int(value)
    if not 0 <= number < _NO_ID:
        raise Invalid(f"process.{field} is out of range: {value}")
    return number


def _umask(user: Mapping[str, Any]) -> int:
    umask = user.get("umask")
    return 0o022 if umask is None else int(umask) & 0o777


def _capabilities(sets: Mapping[str, Any], host: Host, warnings: list[str]) -> Capabilities:
    own = mask(host.capabilities)
    masks = {key: mask(sets.get(key) or ()) for key in ("bounding", "effective", "permitted", "ambient")}
    missing = (masks["bounding"] | masks["effective"] | masks["permitted"] | masks["ambient"]) & ~own
    if missing:
        warnings.append(f"not given, because the engine has them not: {' '.join(names(missing))}")
    permitted = masks["permitted"] & own
    # The ambient set lives off the inheritable one, which stays empty: it can only be empty too.
    return Capabilities(masks["bounding"] & own, masks["effective"] & permitted, permitted, 0)


def _rlimits(entries: Any) -> tuple[Rlimit, ...]:
    limits: dict[str, Rlimit] = {}
    for entry in entries:
        name = str(entry.get("type", ""))
        if name not in _RLIMITS:
            raise Invalid(f"unknown rlimit: {name}")
        soft, hard = (_limit(entry.get(key, 0)) for key in ("soft", "hard"))
        if hard != -1 and (soft == -1 or soft > hard):
            raise Invalid(f"rlimit soft value is above the hard value: {name}")
        if name in limits:
            raise Invalid(f"rlimit given twice: {name}")
        limits[name] = Rlimit(name, _RLIMITS[name], soft, hard)
    return tuple(limits.values())


def _limit(value: Any) -> int:
    """OCI writes "without end" as 2^64 - 1, Docker as -1."""
    return -1 if int(value) < 0 or int(value) >= 2**63 else int(value)


def _oom_score_adj(entry: Mapping[str, Any]) -> int | None:
    value = entry.get("oomScoreAdj")
    if value is None:
        return None
    if not -1000 <= int(value) <= 1000:
        raise Invalid(f"oomScoreAdj must be from -1000 to 1000: {value}")
    return int(value)


def _apparmor(entry: Mapping[str, Any], host: Host, warnings: list[str]) -> str:
    profile = str(entry.get("apparmorProfile") or "")
    if profile and not host.apparmor:
        warnings.append(f"AppArmor is not there: profile {profile} is not applied")
        return ""
    return profile
