"""The engine itself: versions, facts, disk usage."""

from __future__ import annotations

from typing import Any

from .containers import ContainerSummary
from .images import ImageSummary
from .volumes import Volume
from .wire import Wire, always, fresh, names


class Platform(Wire):
    name: str = always("")


class Component(Wire):
    name: str = always("")
    version: str = always("")
    details: dict[str, str] | None = None


class Version(Wire, rename=names(min_api_version="MinAPIVersion")):
    """`components` names what an engine is made of; pydock's own endpoints are there when "pydock" is."""

    platform: Platform = fresh(Platform)
    components: list[Component] = always([])
    version: str = always("")
    api_version: str = always("")
    min_api_version: str = always("")
    git_commit: str = always("")
    go_version: str = always("")
    os: str = always("linux")
    arch: str = always("")
    kernel_version: str = ""
    experimental: bool = False
    build_time: str = always("")


class Plugins(Wire):
    volume: list[str] | None = always(["local"])
    network: list[str] | None = always(["bridge", "host", "null"])
    authorization: list[str] | None = always(None)
    log: list[str] | None = always(["json-file"])


class Runtime(Wire, rename=names(path="path", runtime_args="runtimeArgs", status="status")):
    path: str = ""
    runtime_args: list[str] | None = None
    status: dict[str, str] | None = None


class Commit(Wire, rename=names(id="ID")):
    id: str = always("")


class Swarm(
    Wire,
    rename=names(node_id="NodeID"),
):
    """What an engine says that is no member of a swarm."""

    node_id: str = always("")
    node_addr: str = always("")
    local_node_state: str = always("inactive")
    control_available: bool = always(False)
    error: str = always("")
    remote_managers: list[dict[str, str]] | None = always(None)


class IndexConfig(Wire):
    name: str = always("")
    mirrors: list[str] | None = always([])
    secure: bool = always(True)
    official: bool = always(False)


class RegistryConfig(Wire, rename=names(insecure_registry_cidrs="InsecureRegistryCIDRs")):
    insecure_registry_cidrs: list[str] | None = always(["::1/128", "127.0.0.0/8"])
    index_configs: dict[str, IndexConfig] = always({})
    mirrors: list[str] | None = always([])


class FirewallBackend(Wire):
    driver: str = always("nftables")
    info: list[list[str]] = []


class Info(
    Wire,
    rename=names(
        id="ID",
        kernel_memory_tcp="KernelMemoryTCP",
        cpu_set="CPUSet",
        cpu_shares="CPUShares",
        ipv4_forwarding="IPv4Forwarding",
        n_fd="NFd",
        n_goroutines="NGoroutines",
        n_events_listener="NEventsListener",
        os_version="OSVersion",
        os_type="OSType",
        ncpu="NCPU",
        cdi_spec_dirs="CDISpecDirs",
    ),
):
    """`mem_total` in bytes; `warnings` say what this host cannot do."""

    id: str = always("")
    containers: int = always(0)
    containers_running: int = always(0)
    containers_paused: int = always(0)
    containers_stopped: int = always(0)
    images: int = always(0)
    driver: str = always("")
    driver_status: list[list[str]] | None = always([])
    system_status: list[list[str]] | None = None
    plugins: Plugins = fresh(Plugins)
    memory_limit: bool = always(False)
    swap_limit: bool = always(False)
    kernel_memory: bool = False
    kernel_memory_tcp: bool = always(False)
    cpu_cfs_period: bool = always(False)
    cpu_cfs_quota: bool = always(False)
    cpu_shares: bool = always(False)
    cpu_set: bool = always(False)
    pids_limit: bool = always(False)
    ipv4_forwarding: bool = always(False)
    debug: bool = always(False)
    n_fd: int = always(0)
    oom_kill_disable: bool = always(False)
    n_goroutines: int = always(0)
    system_time: str = always("")
    logging_driver: str = always("json-file")
    cgroup_driver: str = always("cgroupfs")
    cgroup_version: str = ""
    n_events_listener: int = always(0)
    kernel_version: str = always("")
    operating_system: str = always("")
    os_version: str = always("")
    os_type: str = always("linux")
    architecture: str = always("")
    index_server_address: str = always("")
    registry_config: RegistryConfig | None = fresh(RegistryConfig)
    ncpu: int = always(0)
    mem_total: int = always(0)
    generic_resources: list[Any] | None = always(None)
    docker_root_dir: str = always("")
    http_proxy: str = always("")
    https_proxy: str = always("")
    no_proxy: str = always("")
    name: str = always("")
    labels: list[str] | None = always([])
    experimental_build: bool = always(False)
    server_version: str = always("")
    runtimes: dict[str, Runtime] | None = always({})
    default_runtime: str = always("")
    swarm: Swarm = fresh(Swarm)
    live_restore_enabled: bool = always(True)
    isolation: str = always("")
    init_binary: str = always("")
    containerd_commit: Commit = fresh(Commit)
    runc_commit: Commit = fresh(Commit)
    init_commit: Commit = fresh(Commit)
    security_options: list[str] | None = always([])
    product_license: str = ""
    firewall_backend: FirewallBackend | None = None
    cdi_spec_dirs: list[str] | None = always([])
    warnings: list[str] | None = always(None)


class BuildCacheRecord(Wire, rename=names(id="ID")):
    id: str = always("")
    type: str = always("")
    description: str = always("")
    in_use: bool = always(False)
    shared: bool = always(False)
    size: int = always(0)
    created_at: str = always("")
    last_used_at: str | None = always(None)
    usage_count: int = always(0)


class DiskUsage(Wire):
    layers_size: int = always(0)
    images: list[ImageSummary] | None = always([])
    containers: list[ContainerSummary] | None = always([])
    volumes: list[Volume] | None = always([])
    build_cache: list[BuildCacheRecord] | None = always([])


class Ping(Wire):
    """What the headers of /_ping say."""

    api_version: str = always("")
    os_type: str = always("linux")
    builder_version: str = always("")
    experimental: bool = always(False)
    server: str = always("")


class ErrorResponse(Wire, rename=None):
    message: str = always("")


class AuthConfig(Wire, rename=None):
    username: str = ""
    password: str = ""
    email: str = ""
    serveraddress: str = ""
    identitytoken: str = ""
    registrytoken: str = ""
