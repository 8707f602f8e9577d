"""Containers, as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from .networks import EndpointSettings
from .wire import Wire, always, fresh, names

ZERO_TIME = "0001-01-01T00:00:00Z"

Empty = dict[str, Any]
"""The value of a set's member in Docker's JSON: `{"80/tcp": {}}`."""


class HealthConfig(Wire):
    """`test` is empty to inherit, `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", …]`; times in nanoseconds."""

    test: list[str] | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class ContainerConfig(Wire):
    """What of a container would be the same on any host."""

    hostname: str = always("")
    domainname: str = always("")
    user: str = always("")
    attach_stdin: bool = always(False)
    attach_stdout: bool = always(False)
    attach_stderr: bool = always(False)
    exposed_ports: dict[str, Empty] | None = None
    tty: bool = always(False)
    open_stdin: bool = always(False)
    stdin_once: bool = always(False)
    env: list[str] | None = always(None)
    cmd: list[str] | None = always(None)
    healthcheck: HealthConfig | None = None
    args_escaped: bool = False
    image: str = always("")
    volumes: dict[str, Empty] | None = always(None)
    working_dir: str = always("")
    entrypoint: list[str] | None = always(None)
    network_disabled: bool = False
    mac_address: str = ""
    on_build: list[str] | None = always(None)
    labels: dict[str, str] | None = always({})
    stop_signal: str = ""
    stop_timeout: int | None = None
    shell: list[str] | None = None


class PortBinding(Wire):
    """A port of the host; an empty `host_port` is chosen at start."""

    host_ip: str = always("")
    host_port: str = always("")


class RestartPolicy(Wire):
    """`name`: "", "no", "always", "on-failure" or "unless-stopped"."""

    name: str = always("")
    maximum_retry_count: int = always(0)


class LogConfig(Wire):
    type: str = always("")
    config: dict[str, str] | None = always({})


class Ulimit(Wire):
    name: str = always("")
    hard: int = always(0)
    soft: int = always(0)


class DeviceMapping(Wire):
    path_on_host: str = always("")
    path_in_container: str = always("")
    cgroup_permissions: str = always("")


class DeviceRequest(Wire, rename=names(device_ids="DeviceIDs")):
    driver: str = always("")
    count: int = always(0)
    device_ids: list[str] | None = always(None)
    capabilities: list[list[str]] | None = always(None)
    options: dict[str, str] | None = always(None)


class WeightDevice(Wire):
    path: str = always("")
    weight: int = always(0)


class ThrottleDevice(Wire):
    path: str = always("")
    rate: int = always(0)


class BindOptions(Wire):
    propagation: str = ""
    non_recursive: bool = False
    create_mountpoint: bool = False
    read_only_non_recursive: bool = False
    read_only_force_recursive: bool = False


class DriverConfig(Wire):
    name: str = ""
    options: dict[str, str] = {}


class VolumeOptions(Wire):
    no_copy: bool = False
    labels: dict[str, str] = {}
    subpath: str = ""
    driver_config: DriverConfig | None = None


class TmpfsOptions(Wire):
    """`size_bytes` 0 is the kernel's default; `mode` as chmod takes it, as a number."""

    size_bytes: int = 0
    mode: int = 0
    options: list[list[str]] = []


class ImageOptions(Wire):
    subpath: str = ""


class Mount(Wire):
    """A mount asked for: `type` bind, volume, tmpfs, image, npipe or cluster."""

    type: str = ""
    source: str = ""
    target: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: BindOptions | None = None
    volume_options: VolumeOptions | None = None
    image_options: ImageOptions | None = None
    tmpfs_options: TmpfsOptions | None = None


_HOST_NAMES = names(
    container_id_file="ContainerIDFile",
    uts_mode="UTSMode",
    blkio_device_read_iops="BlkioDeviceReadIOps",
    blkio_device_write_iops="BlkioDeviceWriteIOps",
    kernel_memory_tcp="KernelMemoryTCP",
    io_maximum_iops="IOMaximumIOps",
    io_maximum_bandwidth="IOMaximumBandwidth",
)


class Resources(Wire, rename=_HOST_NAMES):
    """Limits. Memory in bytes, `nano_cpus` in billionths of a cpu, periods and quotas in microseconds."""

    cpu_shares: int = always(0)
    memory: int = always(0)
    nano_cpus: int = always(0)
    cgroup_parent: str = always("")
    blkio_weight: int = always(0)
    blkio_weight_device: list[WeightDevice] | None = always(None)
    blkio_device_read_bps: list[ThrottleDevice] | None = always(None)
    blkio_device_write_bps: list[ThrottleDevice] | None = always(None)
    blkio_device_read_iops: list[ThrottleDevice] | None = always(None)
    blkio_device_write_iops: list[ThrottleDevice] | None = always(None)
    cpu_period: int = always(0)
    cpu_quota: int = always(0)
    cpu_realtime_period: int = always(0)
    cpu_realtime_runtime: int = always(0)
    cpuset_cpus: str = always("")
    cpuset_mems: str = always("")
    devices: list[DeviceMapping] | None = always(None)
    device_cgroup_rules: list[str] | None = always(None)
    device_requests: list[DeviceRequest] | None = always(None)
    kernel_memory: int = 0
    kernel_memory_tcp: int = 0
    memory_reservation: int = always(0)
    memory_swap: int = always(0)
    memory_swappiness: int | None = always(None)
    oom_kill_disable: bool | None = always(None)
    pids_limit: int | None = always(None)
    ulimits: list[Ulimit] | None = always(None)
    cpu_count: int = always(0)
    cpu_percent: int = always(0)
    io_maximum_iops: int = always(0)
    io_maximum_bandwidth: int = always(0)


class HostConfig(Resources, rename=_HOST_NAMES):
    """What of a container belongs to this host. `shm_size` in bytes, `console_size` is height, width."""

    binds: list[str] | None = always(None)
    container_id_file: str = always("")
    log_config: LogConfig = fresh(LogConfig)
    network_mode: str = always("")
    port_bindings: dict[str, list[PortBinding] | None] | None = always({})
    restart_policy: RestartPolicy = fresh(RestartPolicy)
    auto_remove: bool = always(False)
    volume_driver: str = always("")
    volumes_from: list[str] | None = always(None)
    console_size: list[int] = always([0, 0])
    annotations: dict[str, str] | None = None
    cap_add: list[str] | None = always(None)
    cap_drop: list[str] | None = always(None)
    cgroupns_mode: str = always("")
    dns: list[str] | None = always(None)
    dns_options: list[str] | None = always(None)
    dns_search: list[str] | None = always(None)
    extra_hosts: list[str] | None = always(None)
    group_add: list[str] | None = always(None)
    ipc_mode: str = always("")
    cgroup: str = always("")
    links: list[str] | None = always(None)
    oom_score_adj: int = always(0)
    pid_mode: str = always("")
    privileged: bool = always(False)
    publish_all_ports: bool = always(False)
    readonly_rootfs: bool = always(False)
    security_opt: list[str] | None = always(None)
    storage_opt: dict[str, str] | None = None
    tmpfs: dict[str, str] | None = None
    uts_mode: str = always("")
    userns_mode: str = always("")
    shm_size: int = always(0)
    sysctls: dict[str, str] | None = None
    runtime: str = ""
    isolation: str = always("")
    mounts: list[Mount] | None = None
    masked_paths: list[str] | None = always(None)
    readonly_paths: list[str] | None = always(None)
    init: bool | None = None


class NetworkingConfig(Wire):
    endpoints_config: dict[str, EndpointSettings] | None = always({})


class CreateRequest(ContainerConfig):
    """The body of POST /containers/create: a ContainerConfig with two more fields."""

    host_config: HostConfig | None = None
    networking_config: NetworkingConfig | None = None


class CreateResponse(Wire):
    id: str = always("")
    warnings: list[str] | None = always([])


class UpdateRequest(Resources, rename=_HOST_NAMES):
    restart_policy: RestartPolicy | None = None


class UpdateResponse(Wire):
    warnings: list[str] | None = always(None)


class HealthcheckResult(Wire):
    start: str = always(ZERO_TIME)
    end: str = always(ZERO_TIME)
    exit_code: int = always(0)
    output: str = always("")


class Health(Wire):
    """`status`: none, starting, healthy or unhealthy."""

    status: str = always("none")
    failing_streak: int = always(0)
    log: list[HealthcheckResult] | None = always(None)


class ContainerState(Wire, rename=names(oom_killed="OOMKilled")):
    """`status`: created, running, paused, restarting, removing, exited or dead."""

    status: str = always("created")
    running: bool = always(False)
    paused: bool = always(False)
    restarting: bool = always(False)
    oom_killed: bool = always(False)
    dead: bool = always(False)
    pid: int = always(0)
    exit_code: int = always(0)
    error: str = always("")
    started_at: str = always(ZERO_TIME)
    finished_at: str = always(ZERO_TIME)
    health: Health | None = None


class MountPoint(Wire, rename=names(rw="RW")):
    """A mount as it is."""

    type: str = ""
    name: str = ""
    source: str = always("")
    destination: str = always("")
    driver: str = ""
    mode: str = always("")
    rw: bool = always(True)
    propagation: str = always("")


class GraphDriver(Wire):
    """Where the root file system is kept."""

    data: dict[str, str] | None = always({})
    name: str = always("")


class Address(Wire):
    addr: str = always("")
    prefix_len: int = always(0)


class NetworkSettings(
    Wire,
    rename=names(
        sandbox_id="SandboxID",
        link_local_ipv6_address="LinkLocalIPv6Address",
        link_local_ipv6_prefix_len="LinkLocalIPv6PrefixLen",
        secondary_ip_addresses="SecondaryIPAddresses",
        secondary_ipv6_addresses="SecondaryIPv6Addresses",
        endpoint_id="EndpointID",
        global_ipv6_address="GlobalIPv6Address",
        global_ipv6_prefix_len="GlobalIPv6PrefixLen",
        ip_address="IPAddress",
        ip_prefix_len="IPPrefixLen",
        ipv6_gateway="IPv6Gateway",
    ),
):
    """The addresses beside `networks` repeat those on the default bridge."""

    bridge: str = always("")
    sandbox_id: str = always("")
    sandbox_key: str = always("")
    ports: dict[str, list[PortBinding] | None] | None = always({})
    hairpin_mode: bool = always(False)
    link_local_ipv6_address: str = always("")
    link_local_ipv6_prefix_len: int = always(0)
    secondary_ip_addresses: list[Address] | None = always(None)
    secondary_ipv6_addresses: list[Address] | None = always(None)
    endpoint_id: str = always("")
    gateway: str = always("")
    global_ipv6_address: str = always("")
    global_ipv6_prefix_len: int = always(0)
    ip_address: str = always("")
    ip_prefix_len: int = always(0)
    ipv6_gateway: str = always("")
    mac_address: str = always("")
    networks: dict[str, EndpointSettings] = always({})


class ContainerInspect(Wire, rename=names(exec_ids="ExecIDs")):
    """`exec_ids` null when none runs; the sizes (bytes) only when asked for."""

    id: str = always("")
    created: str = always(ZERO_TIME)
    path: str = always("")
    args: list[str] = always([])
    state: ContainerState = fresh(ContainerState)
    image: str = always("")
    resolv_conf_path: str = always("")
    hostname_path: str = always("")
    hosts_path: str = always("")
    log_path: str = always("")
    name: str = always("")
    restart_count: int = always(0)
    driver: str = always("")
    platform: str = always("linux")
    mount_label: str = always("")
    process_label: str = always("")
    app_armor_profile: str = always("")
    exec_ids: list[str] | None = always(None)
    host_config: HostConfig = fresh(HostConfig)
    graph_driver: GraphDriver = fresh(GraphDriver)
    size_rw: int | None = None
    size_root_fs: int | None = None
    mounts: list[MountPoint] = always([])
    config: ContainerConfig = fresh(ContainerConfig)
    network_settings: NetworkSettings = fresh(NetworkSettings)


class Port(Wire, rename=names(ip="IP")):
    """A port in a list; `public_port` 0 when it is not published."""

    ip: str = ""
    private_port: int = always(0)
    public_port: int = 0
    type: str = always("tcp")


class SummaryHostConfig(Wire):
    network_mode: str = ""
    annotations: dict[str, str] | None = None


class SummaryNetworkSettings(Wire):
    networks: dict[str, EndpointSettings] | None = always({})


class ContainerSummary(Wire, rename=names(image_id="ImageID")):
    """One row of `docker ps`; `created` in seconds; names begin with a slash."""

    id: str = always("")
    names: list[str] = always([])
    image: str = always("")
    image_id: str = always("")
    command: str = always("")
    created: int = always(0)
    ports: list[Port] = always([])
    size_rw: int = 0
    size_root_fs: int = 0
    labels: dict[str, str] = always({})
    state: str = always("")
    status: str = always("")
    host_config: SummaryHostConfig = fresh(SummaryHostConfig)
    network_settings: SummaryNetworkSettings = fresh(SummaryNetworkSettings)
    mounts: list[MountPoint] = always([])


class Top(Wire):
    titles: list[str] = always([])
    processes: list[list[str]] = always([])


class WaitError(Wire):
    message: str = ""


class WaitResponse(Wire):
    status_code: int = always(0)
    error: WaitError | None = None


class Change(Wire):
    """`kind`: 0 changed, 1 added, 2 deleted."""

    path: str = always("")
    kind: int = always(0)


class ContainersPruneResponse(Wire):
    containers_deleted: list[str] | None = always(None)
    space_reclaimed: int = always(0)


class PathStat(
    Wire, rename=names(name="name", size="size", mode="mode", mtime="mtime", link_target="linkTarget")
):
    """What X-Docker-Container-Path-Stat carries; `mode` is Go's os.FileMode."""

    name: str = always("")
    size: int = always(0)
    mode: int = always(0)
    mtime: str = always(ZERO_TIME)
    link_target: str = always("")
