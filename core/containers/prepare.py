"""Before a start: the facts of machine and image that the specification needs."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import Conflict, Invalid
from ..linux.openat2 import RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS, openat2
from ..rootfs import Overlay, Rootfs
from ..runtime.seccomp import profile
from ..schema.containers import DeviceMapping, HostConfig
from ..schema.networks import EndpointSettings
from . import etc_files, links, users
from .context import Context
from .record import Container
from .spec import capabilities, resources, security
from .spec.facts import Device, Facts
from .spec.namespaces import partner

_ACCESS = frozenset("rwm")


async def facts(ctx: Context, container: Container, endpoints: Mapping[str, EndpointSettings]) -> Facts:
    """Collect what `spec.build` needs. Raises Invalid, NotFound and Conflict for what can't be joined."""
    host, config = container.host_config, container.config
    accounts = await _accounts(ctx, container)
    identity = users.resolve(config.user, accounts["passwd"], accounts["group"], host.group_add or ())
    name = hostname(ctx, container)
    numbers = {path: _block_device(path) for path in resources.device_paths(host)}
    safety = security.parse(host.security_opt or ())
    linked = links.of(ctx, container)
    donor = _join(ctx, host.ipc_mode)
    return Facts(
        identity=identity,
        hostname=name,
        etc=etc_files.write(ctx, container, name, endpoints, linked),
        cgroup_version=ctx.host.cgroup_version,
        cgroups_path=cgroups_path(container),
        available=ctx.host.capabilities,
        devices=tuple(_devices(host)),
        block_devices=tuple((path, *number) for path, number in numbers.items()),
        links=tuple(links.environment(container.name, linked)),
        join_pid=_join(ctx, host.pid_mode),
        join_ipc=donor,
        shm_source=f"/proc/{donor}/root/dev/shm" if donor else "",
        join_net=_join(ctx, host.network_mode),
        seccomp=_seccomp(ctx, safety, container),
    )


def cgroups_path(container: Container) -> str:
    parent = container.host_config.cgroup_parent
    return f"{parent.rstrip('/')}/{container.id}" if parent else f"pydock/{container.id}"


def _join(ctx: Context, mode: str) -> int:
    """Return the pid of the container that a mode names, 0 when it names none."""
    name = partner(mode)
    return running_pid(ctx, name) if name else 0


def running_pid(ctx: Context, name: str) -> int:
    """Return the first process of a container whose namespaces are to be joined; raises Conflict."""
    other = ctx.book.find(name)
    if not other.pid:
        raise Conflict(f"cannot join namespace of a non running container: {other.id}")
    return other.pid


def hostname(ctx: Context, container: Container) -> str:
    if name := partner(container.host_config.network_mode):
        other = ctx.book.find(name)
        return other.config.hostname or other.id[:12]
    return container.config.hostname or socket.gethostname()


async def _accounts(ctx: Context, container: Container) -> Mapping[str, str]:
    """Read passwd and group inside the container's root, in a worker.

    What an image has does not change: it is remembered as long as the container itself wrote no /etc.
    """
    rootfs = ctx.snapshots.rootfs(container.id)
    clean = isinstance(rootfs, Overlay) and not os.path.lexists(os.path.join(rootfs.upper, "etc"))
    key = container.chain_id or ""
    if clean and key in ctx.accounts:
        return ctx.accounts[key]
    found = await ctx.runtime.work("pydock.core.containers.users:read_files", {}, **where(rootfs))
    if clean:
        ctx.accounts[key] = found
    return found


def where(rootfs: Rootfs) -> dict[str, Any]:
    """Name a root file system as `Runtime.work` takes it."""
    return {"overlay": rootfs} if isinstance(rootfs, Overlay) else {"root": rootfs.path}


def accounts_of_running(pid: int) -> dict[str, str]:
    """Read passwd and group of a running container, resolved inside its root (openat2, RESOLVE_IN_ROOT)."""
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return {"passwd": _read_inside(root, "etc/passwd"), "group": _read_inside(root, "etc/group")}
    finally:
        os.close(root)


def _read_inside(root: int, path: str) -> str:
    try:
        descriptor = openat2(
            root,
            path,
            os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY,
            resolve=RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
        )
    except OSError:
        return ""
    try:
        return users.read_regular(descriptor)
    finally:
        os.close(descriptor)


def _seccomp(ctx: Context, safety: security.Security, container: Container) -> Mapping[str, Any] | None:
    """Choose the system call filter: Docker's for the capabilities granted, the user's own, or none."""
    host = container.host_config
    if safety.seccomp == "unconfined" or host.privileged:
        return None
    if not ctx.host.seccomp:
        return None
    granted = capabilities.granted(
        host.cap_add or (), host.cap_drop or (), host.privileged, ctx.host.capabilities
    )
    machine = (ctx.host.arch, ctx.host.kernel)
    if safety.seccomp:
        return profile.resolve(security.profile(safety.seccomp), granted, *machine)
    return profile.default(granted, *machine)


def _devices(host: HostConfig) -> Iterable[Device]:
    """Look up the devices of a HostConfig; a directory stands for the devices below it."""
    if host.privileged:
        yield from _below("/dev", "/dev", "rwm")
    for mapping in host.devices or ():
        yield from _mapped(mapping)


def _mapped(mapping: DeviceMapping) -> Iterable[Device]:
    access = mapping.cgroup_permissions or "rwm"
    if not set(access) <= _ACCESS:
        raise Invalid(f"invalid device permissions: {access}")
    inside = mapping.path_in_container or mapping.path_on_host
    path = os.path.realpath(mapping.path_on_host)
    if os.path.isdir(path):
        found = list(_below(path, inside, access))
        if not found:
            raise Invalid(f"no device found in {mapping.path_on_host}")
        yield from found
        return
    device = _device(path, inside, access)
    if device is None:
        raise Invalid(
            f'error gathering device information while adding custom device "{mapping.path_on_host}"'
        )
    yield device


def _below(directory: str, inside: str, access: str) -> Iterable[Device]:
    for parent, names, files in os.walk(directory):
        names[:] = [
            n for n in names if n not in ("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev")
        ]
        for name in files:
            path = os.path.join(parent, name)
            if name == "console" and directory == "/dev":
                continue
            device = _device(path, os.path.join(inside, os.path.relpath(path, directory)), access)
            if device is not None:
                yield device


def _device(path: str, inside: str, access: str) -> Device | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    kind = "c" if stat.S_ISCHR(found.st_mode) else "b" if stat.S_ISBLK(found.st_mode) else ""
    if not kind:
        return None
    major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
    mode = stat.S_IMODE(found.st_mode)
    return Device(inside, kind, major, minor, mode, found.st_uid, found.st_gid, access)


def _block_device(path: str) -> tuple[int, int]:
    device = _device(os.path.realpath(path), path, "rwm")
    if device is None or device.kind != "b":
        raise Invalid(f"no such block device: {path}")
    return device.major, device.minor
