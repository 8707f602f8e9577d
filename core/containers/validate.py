"""What must not be: a settled configuration checked, in Docker's words; pure."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ..errors import Invalid, Unsupported
from ..schema.containers import ContainerConfig, HostConfig, Resources, RestartPolicy
from ..units import parse_size
from . import links, ports, tags
from .signals import parse_signal
from .spec.namespaces import CONTAINER, partner
from .spec.resources import parse_rule

_LEAST_MEMORY = 6 << 20
_LOG_OPTIONS = {
    "json-file": frozenset(
        "max-file max-size labels labels-regex env env-regex compress tag mode max-buffer-size".split()
    ),
    "local": frozenset("max-file max-size compress mode max-buffer-size".split()),
    "none": frozenset({"mode", "max-buffer-size"}),
}
_FOREIGN_DRIVERS = frozenset("awslogs etwlogs fluentd gcplogs gelf journald splunk syslog".split())
_RESTARTS = ("no", "always", "unless-stopped", "on-failure")
_ULIMITS = frozenset(
    (
        "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack"
    ).split()
)
_IPC_SYSCTLS = ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
                "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced")  # fmt: skip


def check(config: ContainerConfig, host: HostConfig) -> None:
    """Raise Invalid or Unsupported for the first thing that is wrong."""
    _check_config(config)
    _check_modes(config, host)
    check_resources(host)
    check_restart(host.restart_policy, host.auto_remove)
    _check_log(host)
    _check_host(host)


def _check_config(config: ContainerConfig) -> None:
    if not (config.entrypoint or config.cmd):
        raise Invalid("no command specified")
    if config.stop_signal:
        parse_signal(config.stop_signal)
    if config.stop_timeout is not None and config.stop_timeout < -1:
        raise Invalid(f"invalid stop timeout: {config.stop_timeout}")
    health = config.healthcheck
    if health is None:
        return
    for name, value in (
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    ):
        if value and value < 1_000_000:
            raise Invalid(f"{name} in Healthcheck cannot be less than 1ms")
    if health.retries < 0:
        raise Invalid("Retries in Healthcheck cannot be negative")
    if health.test and health.test[0] not in ("NONE", "CMD", "CMD-SHELL"):
        raise Invalid(f"Unknown healthcheck type {health.test[0]!r}")


def _check_modes(config: ContainerConfig, host: HostConfig) -> None:
    for name, mode, known in (
        ("pid", host.pid_mode, ("", "host")),
        ("ipc", host.ipc_mode, ("private", "shareable", "host", "none")),
        ("UTS", host.uts_mode, ("", "host")),
        ("userns", host.userns_mode, ("", "host")),
        ("cgroup namespace", host.cgroupns_mode, ("host", "private")),
    ):
        joins = name in ("pid", "ipc") and partner(mode)
        if mode not in known and not joins:
            raise Invalid(f"invalid {name} mode: {mode}")
    if host.network_mode == CONTAINER:
        raise Invalid("invalid network mode: container: needs a container's name")
    if host.uts_mode == "host" and config.hostname:
        raise Invalid("conflicting options: hostname and the UTS mode")
    if partner(host.network_mode):
        for problem in _network_conflicts(config, host):
            raise Invalid(f"conflicting options: {problem} and the network mode")


def _network_conflicts(config: ContainerConfig, host: HostConfig) -> Iterator[str]:
    if config.hostname:
        yield "hostname"
    if host.links:
        yield "links"
    if host.dns:
        yield "dns"
    if host.extra_hosts:
        yield "custom host-to-IP mapping"
    if config.mac_address:
        yield "mac-address"
    if host.port_bindings or host.publish_all_ports:
        yield "port publishing"
    if config.exposed_ports:
        yield "port exposing"


def check_resources(limits: Resources) -> None:
    """Check limits, of a new container or of an update; raises Invalid."""
    _check_memory(limits)
    _check_cpu(limits)
    if limits.blkio_weight and not 10 <= limits.blkio_weight <= 1000:
        raise Invalid("Range of blkio weight is from 10 to 1000")
    if limits.device_requests:
        request = limits.device_requests[0]
        named = " ".join(f"[{' '.join(names)}]" for names in request.capabilities or ())
        raise Unsupported(f'could not select device driver "{request.driver}" with capabilities: [{named}]')
    for rule in limits.device_cgroup_rules or ():
        parse_rule(rule)
    for limit in limits.ulimits or ():
        if limit.name not in _ULIMITS:
            raise Invalid(f"invalid ulimit type: {limit.name}")
        if limit.hard != -1 and (limit.soft == -1 or limit.soft > limit.hard):
            raise Invalid(
                f"ulimit soft limit must be less than or equal to hard limit: {limit.soft} > {limit.hard}"
            )


def _check_memory(limits: Resources) -> None:
    memory, swap, reserved = limits.memory, limits.memory_swap, limits.memory_reservation
    if 0 < memory < _LEAST_MEMORY:
        raise Invalid("Minimum memory limit allowed is 6MB")
    if memory < 0 or swap < -1 or reserved < 0:
        raise Invalid("invalid memory limit: negative")
    if memory > 0 and 0 < swap < memory:
        raise Invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
    if memory == 0 and swap > 0:
        raise Invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
    if limits.memory_swappiness is not None and not -1 <= limits.memory_swappiness <= 100:
        raise Invalid(f"Invalid value: {limits.memory_swappiness}, valid memory swappiness range is 0-100")
    if 0 < reserved < _LEAST_MEMORY:
        raise Invalid("Minimum memory reservation allowed is 6MB")
    if memory > 0 and reserved > memory:
        raise Invalid("Minimum memory limit can not be less than memory reservation limit, see usage")


def _check_cpu(limits: Resources) -> None:
    if limits.nano_cpus and (limits.cpu_quota or limits.cpu_period):
        other = "Quota" if limits.cpu_quota else "Period"
        raise Invalid(f"Conflicting options: Nano CPUs and CPU {other} cannot both be set.")
    cpus = os.cpu_count() or 1
    if limits.nano_cpus and not 0 < limits.nano_cpus <= cpus * 1_000_000_000:
        raise Invalid(f"Range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available")
    if limits.cpu_period and not 1000 <= limits.cpu_period <= 1_000_000:
        raise Invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < limits.cpu_quota < 1000:
        raise Invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    for name, text in (("cpuset cpus", limits.cpuset_cpus), ("cpuset mems", limits.cpuset_mems)):
        if text and not _is_set(text):
            raise Invalid(f"Invalid value {text} for {name}")
    if limits.cpuset_cpus and max(_members(limits.cpuset_cpus)) >= cpus:
        raise Invalid(
            f"Requested CPUs are not available - requested {limits.cpuset_cpus}, available: 0-{cpus - 1}"
        )


def _is_set(text: str) -> bool:
    return all(
        all(number.isdecimal() for number in part.split("-")) and part.count("-") <= 1
        for part in text.split(",")
    )


def _members(text: str) -> list[int]:
    return [int(number) for part in text.split(",") for number in part.split("-")]


def check_restart(policy: RestartPolicy, auto_remove: bool) -> None:
    """Check a restart policy; raises Invalid."""
    if policy.name not in _RESTARTS:
        raise Invalid(
            f"invalid restart policy: unknown policy '{policy.name}'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        )
    if policy.maximum_retry_count and policy.name != "on-failure":
        raise Invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")
    if policy.maximum_retry_count < 0:
        raise Invalid("invalid restart policy: maximum retry count cannot be negative")
    if auto_remove and policy.name != "no":
        raise Invalid("can't create 'AutoRemove' container with restart policy")


def _check_log(host: HostConfig) -> None:
    driver, options = host.log_config.type, host.log_config.config or {}
    if driver in _FOREIGN_DRIVERS:
        raise Unsupported(
            f"log driver '{driver}' is not supported: use json-file, local or none, and collect from there"
        )
    if driver not in _LOG_OPTIONS:
        raise Invalid(f"logger: no log driver named '{driver}' is registered")
    for name in options:
        if name not in _LOG_OPTIONS[driver]:
            raise Invalid(f"unknown log opt '{name}' for {driver} log driver")
    for name in ("labels-regex", "env-regex"):
        if options.get(name):
            raise Unsupported(f"log opt '{name}' is not supported: name the keys with '{name[:-6]}'")
    if options.get("compress", "false") not in ("false", "0", "f"):
        raise Unsupported("log opt 'compress' is not supported: rotated logs stay plain files, leave it out")
    if "tag" in options:
        tags.check(options["tag"])
    if "max-size" in options and options["max-size"] != "-1":
        parse_size(options["max-size"])
    files = options.get("max-file", "1")
    if not files.isdecimal() or int(files) < 1:
        raise Invalid(f"max-file cannot be less than 1: {files}")


def _check_host(host: HostConfig) -> None:
    if not -1000 <= host.oom_score_adj <= 1000:
        raise Invalid(f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]")
    if host.shm_size < 0:
        raise Invalid("SHM size can not be less than 0")
    if host.runtime not in ("", "pydock", "runc", "io.containerd.runc.v2"):
        raise Invalid(f"unknown or invalid runtime name: {host.runtime}")
    if host.isolation not in ("", "default"):
        raise Invalid(f"invalid isolation '{host.isolation}' on linux")
    if host.links and host.network_mode == "host":
        raise Invalid("conflicting options: host type networking can't be used with links")
    for text in host.links or ():
        links.parse(text)
    if host.storage_opt:
        raise Unsupported("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
    for bindings in (host.port_bindings or {}).values():
        for binding in bindings or ():
            ports.check_host_port(binding.host_port)
    for name in host.sysctls or {}:
        _check_sysctl(name, host)
    for extra in host.extra_hosts or ():
        if ":" not in extra:
            raise Invalid(f'bad format for add-host: "{extra}"')


def _check_sysctl(name: str, host: HostConfig) -> None:
    if name in _IPC_SYSCTLS or name.startswith("fs.mqueue."):
        if host.ipc_mode == "host":
            raise Invalid(f"sysctl '{name}' not allowed in host ipc namespace")
        return
    if name.startswith("net."):
        if host.network_mode == "host":
            raise Invalid(f"sysctl '{name}' not allowed in host network namespace")
        return
    raise Invalid(f"sysctl '{name}' is not allowed: it is not namespaced")


def warnings(config: ContainerConfig, host: HostConfig, blkio_weight: bool, swap: bool) -> list[str]:
    """Say what of the wishes can't be fulfilled here, in Docker's words where Docker has them."""
    said = []
    if host.blkio_weight and not blkio_weight:
        said.append(
            "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded."
        )
    if host.memory and not swap:
        said.append(
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted. "
            "Memory limited without swap."
        )
    if host.oom_kill_disable and not host.memory:
        said.append(
            "OOM killer is disabled for the container, but no memory limit is set, this can result in the "
            "system running out of resources."
        )
    if host.network_mode == "host" and host.port_bindings:
        said.append("Published ports are discarded when using host network mode")
    if host.kernel_memory:
        said.append("Specifying a kernel memory limit is deprecated and has no effect.")
    return said
