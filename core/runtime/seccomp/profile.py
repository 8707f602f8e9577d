"""Profiles in OCI's form: Docker's default one, and files in Docker's format (docker run --security-opt)."""

from __future__ import annotations

import errno
from collections.abc import Collection, Mapping
from typing import Any

from ...errors import Invalid
from . import docker
from .numbers import OF_MACHINE

_ALLOW, _ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"

#: Names of machines in Docker's files.
_GO_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


def default(
    capabilities: Collection[str], machine: str = "x86_64", kernel: tuple[int, int] = (6, 1)
) -> dict[str, Any]:
    """Give Docker's default profile as OCI's `linux.seccomp` for a container with these capabilities."""
    names = f"{docker.ALLOWED} {docker.OF_MACHINE.get(machine, '')}".split()
    if kernel >= docker.TRACING_KERNEL:
        names += docker.TRACING.split()
    for capability, calls in docker.BY_CAPABILITY.items():
        if capability in capabilities:
            names += calls.split()
    syscalls = [
        _rule(sorted(set(names))),
        _rule(["socket"], args=[_argument(0, "NE", docker.AF_VSOCK)]),
        *(_rule(["personality"], args=[_argument(0, "EQ", value)]) for value in docker.PERSONALITIES),
    ]
    if "CAP_SYS_ADMIN" not in capabilities:
        syscalls.append(_rule(["clone"], args=[_argument(0, "MASKED_EQ", docker.CLONE_NAMESPACES, 0)]))
        syscalls.append({"names": ["clone3"], "action": _ERRNO, "errnoRet": errno.ENOSYS})
    return {
        "defaultAction": _ERRNO,
        "defaultErrnoRet": errno.EPERM,
        "architectures": list(OF_MACHINE.get(machine, ())),
        "syscalls": syscalls,
    }


def _rule(names: list[str], args: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"names": names, "action": _ALLOW}
    return rule if args is None else {**rule, "args": args}


def _argument(index: int, operator: str, value: int, other: int = 0) -> dict[str, Any]:
    return {"index": index, "value": value, "valueTwo": other, "op": f"SCMP_CMP_{operator}"}


def resolve(
    document: Mapping[str, Any],
    capabilities: Collection[str],
    machine: str = "x86_64",
    kernel: tuple[int, int] = (6, 1),
) -> dict[str, Any]:
    """Turn a file in Docker's format (archMap, includes, excludes) into OCI's form. Raises Invalid."""
    if document.get("archMap") and document.get("architectures"):
        raise Invalid("seccomp: architectures and archMap must not be given both")
    syscalls = []
    for entry in document.get("syscalls") or ():
        names = entry.get("names") or ([entry["name"]] if entry.get("name") else [])
        if entry.get("name") and entry.get("names"):
            raise Invalid("seccomp: name and names must not be given both")
        if _applies(entry, capabilities, machine, kernel):
            kept = {key: entry[key] for key in ("action", "errnoRet", "args") if entry.get(key) is not None}
            syscalls.append({"names": list(names), **kept})
    result = {key: document[key] for key in ("defaultAction", "defaultErrnoRet", "flags") if key in document}
    return {**result, "architectures": _architectures(document, machine), "syscalls": syscalls}


def _architectures(document: Mapping[str, Any], machine: str) -> list[str]:
    own = OF_MACHINE.get(machine, ())
    for entry in document.get("archMap") or ():
        if own and entry.get("architecture") == own[0]:
            return [own[0], *map(str, entry.get("subArchitectures") or ())]
    return list(document.get("architectures") or own)


def _applies(
    entry: Mapping[str, Any], capabilities: Collection[str], machine: str, kernel: tuple[int, int]
) -> bool:
    includes, excludes = entry.get("includes") or {}, entry.get("excludes") or {}
    arch = _GO_ARCH.get(machine, machine)
    if excludes.get("arches") and arch in excludes["arches"]:
        return False
    if any(capability in capabilities for capability in excludes.get("caps") or ()):
        return False
    if excludes.get("minKernel") and kernel >= _version(excludes["minKernel"]):
        return False
    if includes.get("arches") and arch not in includes["arches"]:
        return False
    if not all(capability in capabilities for capability in includes.get("caps") or ()):
        return False
    return not includes.get("minKernel") or kernel >= _version(includes["minKernel"])


def _version(text: Any) -> tuple[int, int]:
    major, _, minor = str(text).partition(".")
    if not major.isdigit() or not minor.isdigit():
        raise Invalid(f"seccomp: minKernel is not a version: {text}")
    return int(major), int(minor)
