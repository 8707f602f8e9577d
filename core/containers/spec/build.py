"""The whole specification of a container's start (runtime-spec 1.2, config.md)."""

from __future__ import annotations

from typing import Any

from ..record import Container
from . import capabilities, mounts, namespaces, process, resources, security
from .facts import Device, Facts

# The runtime's word for `--init` (runtime.plan.INIT).
INIT = "io.pydock.init"


def build(container: Container, facts: Facts) -> dict[str, Any]:
    """Return the OCI document for this container on this machine; pure.

    The annotation-free part of what Docker hands to runc. Raises Invalid for options that contradict.
    """
    config, host = container.config, container.host_config
    safety = security.parse(host.security_opt or ())
    spec: dict[str, Any] = {
        "ociVersion": "1.2.0",
        "process": first_process(container, facts, safety),
        "root": {"path": "rootfs", "readonly": host.readonly_rootfs},
        "mounts": _mounts(container, facts, safety),
        "annotations": {**(host.annotations or {}), **({INIT: "true"} if host.init else {})},
        "linux": _linux(container, facts, safety),
    }
    if host.uts_mode != "host":
        spec["hostname"] = facts.hostname
        if config.domainname:
            spec["domainname"] = config.domainname
    return spec


def first_process(container: Container, facts: Facts, safety: security.Security) -> dict[str, Any]:
    config, host = container.config, container.host_config
    return process.process(
        args=[container.path, *container.args],
        env=process.environment(config, facts.hostname, facts.identity.home, facts.links),
        cwd=config.working_dir,
        identity=facts.identity,
        capabilities=granted(container, facts),
        tty=config.tty,
        no_new_privileges=safety.no_new_privileges,
        console_size=host.console_size,
        limits=host.ulimits,
        oom_score_adj=host.oom_score_adj,
        apparmor=safety.apparmor,
    )


def granted(container: Container, facts: Facts) -> tuple[str, ...]:
    """Return the capabilities that the container's options leave."""
    host = container.host_config
    return capabilities.granted(host.cap_add or (), host.cap_drop or (), host.privileged, facts.available)


def _mounts(container: Container, facts: Facts, safety: security.Security) -> list[dict[str, Any]]:
    host = container.host_config
    defaults = mounts.default_mounts(
        facts, privileged=host.privileged, shm_size=host.shm_size, host_ipc=host.ipc_mode == "host"
    )
    if safety.writable_cgroups:
        for mount in defaults:
            if mount["type"] == "cgroup":
                mount["options"] = ["rw", *mount["options"][1:]]
    own = [mounts.own_mount(mount) for mount in container.mounts]
    return mounts.combined(defaults, [*mounts.etc_mounts(facts.etc, container.mounts), *own])


def _linux(container: Container, facts: Facts, safety: security.Security) -> dict[str, Any]:
    host = container.host_config
    numbers = {path: (major, minor) for path, major, minor in facts.block_devices}
    limited = resources.limits(host, numbers)
    limited["devices"] = resources.device_rules(
        facts.devices, host.device_cgroup_rules or (), host.privileged
    )
    linux: dict[str, Any] = {
        "namespaces": namespaces.namespaces(host, facts),
        "cgroupsPath": facts.cgroups_path,
        "resources": limited,
        "devices": [_device(device) for device in facts.devices],
        "rootfsPropagation": _propagation(container),
        "maskedPaths": list(host.masked_paths or ()),
        "readonlyPaths": list(host.readonly_paths or ()),
    }
    if facts.seccomp is not None and not host.privileged:
        linux["seccomp"] = dict(facts.seccomp)
    if host.sysctls:
        linux["sysctl"] = dict(host.sysctls)
    return linux


def _device(device: Device) -> dict[str, Any]:
    return {
        "path": device.path,
        "type": device.kind,
        "major": device.major,
        "minor": device.minor,
        "fileMode": device.mode,
        "uid": device.uid,
        "gid": device.gid,
    }


def _propagation(container: Container) -> str:
    """A bind that shares mounts needs a root that does not stop them (mount_namespaces(7))."""
    wanted = {mount.propagation.removeprefix("r") for mount in container.mounts}
    if "shared" in wanted:
        return "rshared"
    return "rslave" if "slave" in wanted else "rprivate"
