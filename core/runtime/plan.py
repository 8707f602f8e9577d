"""From an OCI runtime specification to a frozen plan; pure (runtime-spec 1.2, config.md, config-linux.md)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Invalid, Unsupported
from ..linux import namespace as ns
from ..rootfs import Rootfs
from . import cgroups, init
from .cgroups import Group, Resources
from .devices import Device, devices
from .host import Host
from .mounts import PROPAGATION, Mount, mount
from .process import Process, process
from .seccomp import compiled

#: The spec's annotation that asks for a small init before the program ("true").
INIT = "io.pydock.init"

NAMESPACES = {
    "mount": ns.CLONE_NEWNS,
    "pid": ns.CLONE_NEWPID,
    "network": ns.CLONE_NEWNET,
    "ipc": ns.CLONE_NEWIPC,
    "uts": ns.CLONE_NEWUTS,
    "cgroup": ns.CLONE_NEWCGROUP,
    "user": ns.CLONE_NEWUSER,
    "time": ns.CLONE_NEWTIME,
}

_IPC_SYSCTLS = frozenset(
    "kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni "
    "kernel.shm_rmid_forced".split()
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a container's start. `cgroup` names its cgroups for `cgroups.kill`, `remove`, `stats` ...

    `namespaces` are CLONE_NEW* flags of new ones, `joined` pairs of flag and path of existing ones.
    `root_propagation` is (MS_*, whole tree). Paths of `masked` and `readonly` are absolute in the container;
    `sysctls` are paths below /proc/sys with values.
    """

    rootfs: Rootfs
    readonly_root: bool
    root_propagation: tuple[int, bool]
    namespaces: int
    joined: tuple[tuple[int, str], ...]
    mounts: tuple[Mount, ...]
    devices: tuple[Device, ...]
    masked: tuple[str, ...]
    readonly: tuple[str, ...]
    sysctls: tuple[tuple[str, str], ...]
    hostname: str
    domainname: str
    process: Process
    cgroup: Group
    resources: Resources
    host: Host
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecPlan:
    """All of a further process's start. `namespaces` are the CLONE_NEW* flags of what the container has."""

    process: Process
    cgroup: Group
    namespaces: int
    host: Host
    warnings: tuple[str, ...] = ()


def plan(spec: Mapping[str, Any], rootfs: Rootfs, host: Host) -> Plan:
    """Plan the start of a container. Raises Invalid naming the field that is wrong, Unsupported."""
    linux = spec.get("linux") or {}
    new, joined = _namespaces(linux.get("namespaces") or ())
    asked = (spec.get("annotations") or {}).get(INIT) == "true"
    first = init.program(host.arch) if asked else b""
    program, warnings = process(spec.get("process") or {}, host, _seccomp(linux, host), first)
    return Plan(
        rootfs=rootfs,
        readonly_root=bool((spec.get("root") or {}).get("readonly")),
        root_propagation=_root_propagation(linux),
        namespaces=new,
        joined=joined,
        mounts=tuple(map(mount, spec.get("mounts") or ())),
        devices=devices(linux.get("devices") or []),
        masked=tuple(_inside("maskedPaths", path) for path in linux.get("maskedPaths") or ()),
        readonly=tuple(_inside("readonlyPaths", path) for path in linux.get("readonlyPaths") or ()),
        sysctls=tuple(_sysctl(name, value, new) for name, value in (linux.get("sysctl") or {}).items()),
        hostname=_uts_name("hostname", spec, new),
        domainname=_uts_name("domainname", spec, new),
        process=program,
        cgroup=cgroups.group(str(linux.get("cgroupsPath") or ""), host),
        resources=cgroups.with_device_defaults(cgroups.resources(linux.get("resources") or {})),
        host=host,
        warnings=tuple(warnings),
    )


def exec_plan(spec: Mapping[str, Any], entry: Mapping[str, Any], host: Host) -> ExecPlan:
    """Plan a further process in the container of `spec`; `entry` is OCI's process object.

    What it leaves out (env, cwd, capabilities, user, noNewPrivileges, rlimits ...) comes from the spec's own.
    """
    linux = spec.get("linux") or {}
    merged = {**(spec.get("process") or {}), "terminal": False, "consoleSize": None, **entry}
    new, joined = _namespaces(linux.get("namespaces") or ())
    program, warnings = process(merged, host, _seccomp(linux, host))
    return ExecPlan(
        process=program,
        cgroup=cgroups.group(str(linux.get("cgroupsPath") or ""), host),
        namespaces=new | sum(flag for flag, _ in joined),
        host=host,
        warnings=tuple(warnings),
    )


def _namespaces(entries: Any) -> tuple[int, tuple[tuple[int, str], ...]]:
    new, joined, seen = 0, [], set()
    for entry in entries:
        kind, path = str(entry.get("type", "")), str(entry.get("path") or "")
        if kind not in NAMESPACES:
            raise Invalid(f"unknown namespace: {kind}")
        if kind in seen:
            raise Invalid(f"namespace given twice: {kind}")
        seen.add(kind)
        if kind in ("user", "time"):
            raise Unsupported(f"{kind} namespaces are not built yet")
        if path and not path.startswith("/"):
            raise Invalid(f"namespace path must be absolute: {path}")
        if path:
            joined.append((NAMESPACES[kind], path))
        else:
            new |= NAMESPACES[kind]
    if not new & ns.CLONE_NEWNS:
        raise Invalid("a container needs a mount namespace of its own")
    return new, tuple(joined)


def _root_propagation(linux: Mapping[str, Any]) -> tuple[int, bool]:
    """Give what the copies of the host's mounts become: private unless the spec says otherwise."""
    word = str(linux.get("rootfsPropagation") or "rprivate")
    if word not in PROPAGATION:
        raise Invalid(f"unknown rootfsPropagation: {word}")
    return PROPAGATION[word]


def _inside(field: str, path: Any) -> str:
    text = str(path)
    if not text.startswith("/") or "\0" in text:
        raise Invalid(f"linux.{field} must be absolute: {text!r}")
    return posixpath.normpath(text)


def _sysctl(name: str, value: Any, new: int) -> tuple[str, str]:
    """Allow what belongs to a namespace of the container's own; anything else would change the host."""
    needed = 0
    # Names may use either separator; one that begins with "/" parts keeps its dots (an interface's name).
    dots, slashes = name.find("."), name.find("/")
    parts = name.split("/") if slashes != -1 and (dots == -1 or slashes < dots) else name.split(".")
    dotted = ".".join(parts)
    if dotted in _IPC_SYSCTLS or dotted.startswith("fs.mqueue."):
        needed = ns.CLONE_NEWIPC
    elif parts[0] == "net":
        needed = ns.CLONE_NEWNET
    elif dotted == "kernel.domainname":
        needed = ns.CLONE_NEWUTS
    if not needed or not all(part and part.strip(".") for part in parts):
        raise Invalid(f"sysctl is not in a separate namespace: {name}")
    if not new & needed:
        raise Invalid(f"sysctl needs a namespace of the container's own: {name}")
    return "/".join(parts), str(value)


def _uts_name(field: str, spec: Mapping[str, Any], new: int) -> str:
    name = str(spec.get(field) or "")
    if name and not new & ns.CLONE_NEWUTS:
        raise Invalid(f"{field} needs a uts namespace of the container's own: {name}")
    if len(name.encode()) > 64:
        raise Invalid(f"{field} is longer than 64 bytes: {name}")
    return name


def _seccomp(linux: Mapping[str, Any], host: Host) -> tuple[bytes, int]:
    profile = linux.get("seccomp")
    if not profile:
        return b"", 0
    if not host.seccomp:
        raise Unsupported("this kernel has no seccomp filter: run with seccomp=unconfined")
    return compiled(profile, host.arch)
