"""The request that creates a container, from the flags of `run` and `create`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ...schema.containers import (
    CreateRequest,
    HealthConfig,
    HostConfig,
    LogConfig,
    NetworkingConfig,
    RestartPolicy,
)
from ..failure import Failure
from ..flags import USAGE_STATUS, Options
from . import devices, environment, mounts, networks, ports


def request(options: Options, image: str, command: list[str]) -> CreateRequest:
    """Return what to create; raises Failure or UsageError with docker's words."""
    _check_conflicts(options)
    attached = _attached(options)
    bindings = ports.publish(options.items("publish"))
    binds, anonymous = mounts.volumes(options.items("volume"))
    mode, endpoints = networks.networks(options)
    host = _host(options, binds, bindings)
    host.network_mode = mode
    return CreateRequest(
        hostname=options.text("hostname"),
        domainname=options.text("domainname"),
        user=options.text("user"),
        attach_stdin="stdin" in attached,
        attach_stdout="stdout" in attached,
        attach_stderr="stderr" in attached,
        exposed_ports={port: {} for port in sorted(ports.expose(options.items("expose")) | set(bindings))}
        or None,
        tty=options.flag("tty"),
        open_stdin=options.flag("interactive"),
        stdin_once=options.flag("interactive") and "stdin" in attached,
        env=environment.variables(options.items("env-file"), options.items("env"), os.environ),
        cmd=command or None,
        healthcheck=_health(options),
        image=image,
        volumes=anonymous or None,
        working_dir=options.text("workdir"),
        entrypoint=[options.text("entrypoint")] if options.given("entrypoint") else None,
        labels=environment.labels(options.items("label-file"), options.items("label")),
        stop_signal=options.text("stop-signal"),
        stop_timeout=options.number("stop-timeout"),
        host_config=host,
        networking_config=NetworkingConfig(endpoints_config=endpoints) if endpoints else None,
    )


def _check_conflicts(options: Options) -> None:
    restart = options.text("restart", "no")
    if options.flag("rm") and restart not in ("no", ""):
        raise Failure("conflicting options: cannot specify both --restart and --rm", USAGE_STATUS)
    if (options.number("memory-swappiness") or 0) > 100 or (options.number("memory-swappiness") or 0) < -1:
        raise Failure(
            f"invalid value: {options.number('memory-swappiness')}. Valid memory swappiness range is 0-100",
            USAGE_STATUS,
        )


def _attached(options: Options) -> set[str]:
    """Return the streams to attach: those named by -a, else all that there are unless detached."""
    named = {name.lower() for name in options.items("attach")}
    for name in named:
        if name not in ("stdin", "stdout", "stderr"):
            raise Failure("valid streams are STDIN, STDOUT and STDERR", USAGE_STATUS)
    if named or options.flag("detach"):
        return named
    return {"stdout", "stderr"} | ({"stdin"} if options.flag("interactive") else set())


def _health(options: Options) -> HealthConfig | None:
    timed = ("health-interval", "health-timeout", "health-start-period", "health-start-interval")
    given = any(options.given(name) for name in (*timed, "health-cmd", "health-retries"))
    if options.flag("no-healthcheck"):
        if given:
            raise Failure("--no-healthcheck conflicts with --health-* options", USAGE_STATUS)
        return HealthConfig(test=["NONE"])
    if not given:
        return None
    for name in timed:
        if (options.number(name) or 0) < 0:
            raise Failure(f"--{name} cannot be negative", USAGE_STATUS)
    command = options.text("health-cmd")
    return HealthConfig(
        test=["CMD-SHELL", command] if command else None,
        interval=options.number("health-interval") or 0,
        timeout=options.number("health-timeout") or 0,
        start_period=options.number("health-start-period") or 0,
        start_interval=options.number("health-start-interval") or 0,
        retries=options.number("health-retries") or 0,
    )


def _host(options: Options, binds: list[str], bindings: ports.Bindings) -> HostConfig:
    host = HostConfig(
        binds=binds or None,
        container_id_file=options.text("cidfile"),
        log_config=LogConfig(
            type=options.text("log-driver"), config=environment.pairs(options.items("log-opt"))
        ),
        port_bindings=bindings,
        restart_policy=_restart(options.text("restart", "no")),
        auto_remove=options.flag("rm"),
        volume_driver=options.text("volume-driver"),
        volumes_from=options.items("volumes-from") or None,
        annotations=environment.pairs(options.items("annotation")) or None,
        dns=options.items("dns"),
        dns_options=[*options.items("dns-option"), *options.items("dns-opt")],
        dns_search=options.items("dns-search"),
        extra_hosts=[_extra_host(spec) for spec in options.items("add-host")] or None,
        group_add=options.items("group-add") or None,
        links=options.items("link") or None,
        publish_all_ports=options.flag("publish-all"),
        readonly_rootfs=options.flag("read-only"),
        storage_opt=environment.pairs(options.items("storage-opt")) or None,
        tmpfs=mounts.tmpfs(options.items("tmpfs")) or None,
        shm_size=options.number("shm-size") or 0,
        sysctls=environment.pairs(options.items("sysctl")) or None,
        runtime=options.text("runtime"),
        isolation=options.text("isolation"),
        mounts=mounts.mounts(options.items("mount")) or None,
        init=options.flag("init") if options.given("init") else None,
    )
    _set_namespaces(host, options)
    _set_security(host, options)
    _set_limits(host, options)
    return host


def _set_namespaces(host: HostConfig, options: Options) -> None:
    host.ipc_mode = options.text("ipc")
    host.pid_mode = options.text("pid")
    host.uts_mode = options.text("uts")
    host.userns_mode = options.text("userns")
    host.cgroupns_mode = options.text("cgroupns")
    if options.text("cgroupns") not in ("", "host", "private"):
        raise Failure("--cgroupns: invalid CGROUP mode", USAGE_STATUS)


def _set_security(host: HostConfig, options: Options) -> None:
    host.cap_add = options.items("cap-add") or None
    host.cap_drop = options.items("cap-drop") or None
    host.privileged = options.flag("privileged")
    host.security_opt = None
    for option in options.items("security-opt"):
        if option == "systempaths=unconfined":
            host.masked_paths, host.readonly_paths = [], []
        else:
            host.security_opt = [*(host.security_opt or []), _security_option(option)]


def _security_option(option: str) -> str:
    """Replace the file of a seccomp profile by its content, for the engine may be elsewhere."""
    key, separator, value = option.partition("=")
    if not separator:
        key, separator, value = option.partition(":")
    if not separator and option != "no-new-privileges":
        raise Failure(f"invalid --security-opt: {option!r}".replace("'", '"'), USAGE_STATUS)
    if key != "seccomp" or value in ("unconfined", "builtin"):
        return option
    try:
        profile = json.loads(Path(value).read_bytes())
    except OSError as err:
        message = f"opening seccomp profile ({value}) failed: open {value}: {(err.strerror or '').lower()}"
        raise Failure(message, USAGE_STATUS) from err
    except ValueError as err:
        raise Failure(f"compacting json for seccomp profile ({value}) failed: {err}", USAGE_STATUS) from err
    return "seccomp=" + json.dumps(profile, separators=(",", ":"))


def _set_limits(host: HostConfig, options: Options) -> None:
    number = options.number
    host.cpu_shares = number("cpu-shares") or 0
    host.memory = number("memory") or 0
    host.nano_cpus = number("cpus") or 0
    host.cgroup_parent = options.text("cgroup-parent")
    host.blkio_weight = number("blkio-weight") or 0
    host.blkio_weight_device = devices.weights(options.items("blkio-weight-device"))
    host.blkio_device_read_bps = devices.throttles(options.items("device-read-bps"), "device-read-bps")
    host.blkio_device_write_bps = devices.throttles(options.items("device-write-bps"), "device-write-bps")
    host.blkio_device_read_iops = devices.throttles(options.items("device-read-iops"), "device-read-iops")
    host.blkio_device_write_iops = devices.throttles(options.items("device-write-iops"), "device-write-iops")
    host.cpu_period = number("cpu-period") or 0
    host.cpu_quota = number("cpu-quota") or 0
    host.cpu_realtime_period = number("cpu-rt-period") or 0
    host.cpu_realtime_runtime = number("cpu-rt-runtime") or 0
    host.cpuset_cpus = options.text("cpuset-cpus")
    host.cpuset_mems = options.text("cpuset-mems")
    host.devices = devices.devices(options.items("device"))
    host.device_cgroup_rules = options.items("device-cgroup-rule") or None
    host.device_requests = devices.gpus(options.items("gpus")) or None
    host.memory_reservation = number("memory-reservation") or 0
    host.memory_swap = number("memory-swap") or 0
    host.memory_swappiness = number("memory-swappiness")
    host.oom_kill_disable = options.flag("oom-kill-disable")
    host.oom_score_adj = number("oom-score-adj") or 0
    host.pids_limit = number("pids-limit")
    host.ulimits = devices.ulimits(options.items("ulimit"))


def _restart(text: str) -> RestartPolicy:
    name, colon, count = text.partition(":")
    if colon and not count.isdigit():
        raise Failure("invalid restart policy format: maximum retry count must be an integer", USAGE_STATUS)
    if colon and not name:
        raise Failure("invalid restart policy format: no policy provided before colon", USAGE_STATUS)
    return RestartPolicy(name=name, maximum_retry_count=int(count or 0))


def _extra_host(spec: str) -> str:
    """Check `name:address`; an equals sign does as well."""
    name, equals, address = spec.partition("=")
    if not equals:
        name, colon, address = spec.partition(":")
        if not colon:
            raise Failure(f"bad format for add-host: {json.dumps(spec)}", USAGE_STATUS)
    if not name:
        raise Failure(f"bad format for add-host: {json.dumps(spec)}", USAGE_STATUS)
    return f"{name}:{address.removeprefix('[').removesuffix(']') if equals else address}"
