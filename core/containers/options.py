"""A create request made whole: what the image adds, Docker's defaults, one form for each value; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import asdict, replace

from ..config import Config
from ..errors import Invalid
from ..schema import oci
from ..schema.containers import (
    ContainerConfig,
    CreateRequest,
    HealthConfig,
    HostConfig,
    LogConfig,
    PortBinding,
    RestartPolicy,
)
from ..schema.networks import EndpointSettings
from . import ports
from .spec import capabilities, security
from .spec.namespaces import partner

_DEFAULT_SHM = 64 << 20
_DOCKER_DEFAULT_NETWORK = "bridge"


@dataclass(frozen=True, slots=True)
class Settled:
    """The configuration of a container to be, with nothing left open but what start decides."""

    config: ContainerConfig
    host: HostConfig
    networks: dict[str, EndpointSettings]


def settle(
    request: CreateRequest, image: oci.RuntimeConfig, identity: str, defaults: Config, cgroup_version: int
) -> Settled:
    """Merge a request with its image and fill in Docker's defaults; raises Invalid."""
    host = _host(request.host_config or HostConfig(), defaults, cgroup_version)
    config = _config(request, image, identity, host)
    return Settled(config, host, _networks(request, host))


def _config(
    request: CreateRequest, image: oci.RuntimeConfig, identity: str, host: HostConfig
) -> ContainerConfig:
    own = asdict(request)
    del own["host_config"], own["networking_config"]
    config = ContainerConfig(**own)
    entrypoint, command = _program(config, image)
    exposed = {**_exposed(image.exposed_ports), **_exposed(config.exposed_ports)}
    exposed.update({port: {} for port in host.port_bindings or {}})
    volumes = {**{path: {} for path in image.volumes or {}}, **(config.volumes or {})}
    return replace(
        config,
        hostname=_hostname(config, identity, host),
        user=config.user or image.user,
        env=_environment(config.env or (), image.env or ()),
        entrypoint=entrypoint,
        cmd=command,
        exposed_ports=exposed or None,
        volumes=volumes or None,
        working_dir=_working_dir(config.working_dir or image.working_dir),
        labels={**(image.labels or {}), **(config.labels or {})},
        stop_signal=config.stop_signal or image.stop_signal,
        stop_timeout=image.stop_timeout if config.stop_timeout is None else config.stop_timeout,
        healthcheck=_health(config.healthcheck, image.healthcheck),
        shell=config.shell or image.shell,
        on_build=None,
    )


def _program(config: ContainerConfig, image: oci.RuntimeConfig) -> tuple[list[str] | None, list[str] | None]:
    """A user's entrypoint drops the image's command; an empty one drops the image's entrypoint."""
    entrypoint, command = config.entrypoint, config.cmd
    if not entrypoint:
        command = command or image.cmd
        if entrypoint is None:
            entrypoint = image.entrypoint
    return (None if entrypoint in ([""], []) else entrypoint), command


def _environment(own: Sequence[str], image: Sequence[str]) -> list[str]:
    for entry in own:
        if not entry or entry.startswith("="):
            raise Invalid(f"invalid environment variable: {entry}")
        if "\0" in entry:
            raise Invalid("invalid environment variable: contains a null byte")
    names = {entry.partition("=")[0] for entry in own}
    return [*own, *(entry for entry in image if entry.partition("=")[0] not in names)]


def _exposed(asked: Mapping[str, object] | None) -> dict[str, dict[str, object]]:
    return {ports.normalize(port): {} for port in asked or {}}


def _hostname(config: ContainerConfig, identity: str, host: HostConfig) -> str:
    if config.hostname or host.uts_mode == "host" or host.network_mode == "host":
        return config.hostname
    return "" if partner(host.network_mode) else identity[:12]


def _working_dir(path: str) -> str:
    if not path:
        return ""
    if not path.startswith("/"):
        raise Invalid(f"the working directory '{path}' is invalid, it needs to be an absolute path")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _health(own: HealthConfig | None, image: oci.Healthcheck | None) -> HealthConfig | None:
    if image is None:
        return own
    inherited = HealthConfig(
        test=image.test,
        interval=image.interval,
        timeout=image.timeout,
        start_period=image.start_period,
        start_interval=image.start_interval,
        retries=image.retries,
    )
    if own is None:
        return inherited
    return HealthConfig(**{name: getattr(own, name) or value for name, value in asdict(inherited).items()})


def _host(asked: HostConfig, defaults: Config, cgroup_version: int) -> HostConfig:
    safety = security.parse(asked.security_opt or ())
    hidden = not (asked.privileged or safety.unconfined_paths)
    masked, readonly = asked.masked_paths, asked.readonly_paths
    if masked is None:
        masked = list(security.MASKED_PATHS) if hidden else []
    if readonly is None:
        readonly = list(security.READONLY_PATHS) if hidden else []
    private_cgroup = cgroup_version == 2 and not asked.privileged
    return replace(
        asked,
        network_mode=_network_mode(asked.network_mode),
        ipc_mode=asked.ipc_mode or "private",
        cgroupns_mode=asked.cgroupns_mode or ("private" if private_cgroup else "host"),
        shm_size=asked.shm_size or _DEFAULT_SHM,
        restart_policy=replace(asked.restart_policy, name=asked.restart_policy.name or "no"),
        log_config=_log(asked.log_config, defaults),
        cap_add=capabilities.normalize(asked.cap_add),
        cap_drop=capabilities.normalize(asked.cap_drop),
        masked_paths=masked,
        readonly_paths=readonly,
        port_bindings=_bindings(asked.port_bindings),
        runtime=asked.runtime or "runc",
        security_opt=_security_options(asked),
        oom_kill_disable=bool(asked.oom_kill_disable) if cgroup_version == 1 else asked.oom_kill_disable,
        dns=asked.dns or [],
        dns_options=asked.dns_options or [],
        dns_search=asked.dns_search or [],
        devices=asked.devices or [],
        ulimits=asked.ulimits or [],
        blkio_weight_device=asked.blkio_weight_device or [],
        blkio_device_read_bps=asked.blkio_device_read_bps or [],
        blkio_device_write_bps=asked.blkio_device_write_bps or [],
        blkio_device_read_iops=asked.blkio_device_read_iops or [],
        blkio_device_write_iops=asked.blkio_device_write_iops or [],
    )


def _security_options(asked: HostConfig) -> list[str] | None:
    """Say, as dockerd does, that no label confines what shares the host's processes or may do anything."""
    options = asked.security_opt
    labelled = any(option.partition("=")[0] == "label" for option in options or ())
    if labelled or not (asked.privileged or "host" in (asked.ipc_mode, asked.pid_mode)):
        return options
    return [*(options or ()), "label=disable"]


def _network_mode(mode: str) -> str:
    return _DOCKER_DEFAULT_NETWORK if mode in ("", "default") else mode


def _log(asked: LogConfig, defaults: Config) -> LogConfig:
    if asked.type:
        return LogConfig(type=asked.type, config=dict(asked.config or {}))
    return LogConfig(type=defaults.log_driver, config={**defaults.log_opts, **(asked.config or {})})


def _bindings(
    asked: Mapping[str, list[PortBinding] | None] | None,
) -> dict[str, list[PortBinding] | None]:
    return {ports.normalize(port): bindings or [PortBinding()] for port, bindings in (asked or {}).items()}


def _networks(request: CreateRequest, host: HostConfig) -> dict[str, EndpointSettings]:
    """Name each network of the container; the mode's own comes first, also when nothing is said of it."""
    mode = host.network_mode
    if partner(mode):
        return {}
    asked = request.networking_config.endpoints_config if request.networking_config else None
    own = {_network_mode(name): endpoint for name, endpoint in (asked or {}).items()}
    first = own.pop(mode, None) or EndpointSettings()
    if request.mac_address and not first.mac_address:
        first = replace(first, mac_address=request.mac_address)
    return {mode: first, **own}


def stops_restart(policy: RestartPolicy) -> bool:
    """Tell whether the policy never starts a container again by itself."""
    return policy.name in ("", "no")
