"""What an engine says of itself: versions, facts of the machine, disk usage."""

from __future__ import annotations

import asyncio
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msgspec.structs import replace

from ..filters import Filters
from ..registry.settings import load as load_registries
from ..schema import system as wire
from ..schema.containers import ContainerSummary
from ..schema.volumes import UsageData, Volume
from ..units import now, rfc3339
from . import listing, usage
from .context import Context
from .states import Status

API_VERSION, OLDEST_API = "1.51", "1.24"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


def own_version() -> str:
    try:
        return version("pydock")
    except PackageNotFoundError:
        return "0.0.0"


class System:
    """The engine's own endpoints."""

    def __init__(self, context: Context) -> None:
        self._ctx = context

    async def version(self) -> wire.Version:
        name = os.uname()
        arch = _MACHINES.get(name.machine, name.machine)
        python = platform.python_version()
        details = {
            "ApiVersion": API_VERSION,
            "Arch": arch,
            "BuildTime": _built(),
            "Experimental": "false",
            "GitCommit": "",
            "GoVersion": f"python{python}",
            "KernelVersion": name.release,
            "MinAPIVersion": OLDEST_API,
            "Os": "linux",
        }
        return wire.Version(
            platform=wire.Platform(name="pydock"),
            components=[
                wire.Component(name="Engine", version=own_version(), details=details),
                wire.Component(name="pydock", version=own_version()),
            ],
            version=own_version(),
            api_version=API_VERSION,
            min_api_version=OLDEST_API,
            go_version=f"python{python}",
            build_time=_built(),
            os="linux",
            arch=arch,
            kernel_version=name.release,
        )

    async def info(self) -> wire.Info:
        ctx, name = self._ctx, os.uname()
        statuses = [container.status for container in ctx.book.all()]
        running, paused = statuses.count(Status.RUNNING), statuses.count(Status.PAUSED)
        running += statuses.count(Status.RESTARTING)
        controllers = {controller for controller, _ in ctx.host.cgroup_mounts}
        unified = ctx.host.cgroup_version == 2
        return wire.Info(
            id=ctx.boot_id,
            containers=len(statuses),
            containers_running=running,
            containers_paused=paused,
            containers_stopped=len(statuses) - running - paused,
            images=len(await ctx.images.list(Filters())),
            driver=ctx.snapshots.name,
            driver_status=_driver_status(ctx),
            memory_limit=unified or "memory" in controllers,
            swap_limit=unified or os.path.exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"),
            cpu_cfs_period=unified or "cpu" in controllers,
            cpu_cfs_quota=unified or "cpu" in controllers,
            cpu_shares=unified or "cpu" in controllers,
            cpu_set=unified or "cpuset" in controllers,
            pids_limit=unified or "pids" in controllers,
            oom_kill_disable=not unified,
            ipv4_forwarding=_read("/proc/sys/net/ipv4/ip_forward").strip() == "1",
            system_time=rfc3339(now()),
            logging_driver=ctx.config.log_driver,
            cgroup_driver="cgroupfs" if ctx.host.cgroup_version else "none",
            cgroup_version=str(ctx.host.cgroup_version or ""),
            kernel_version=name.release,
            operating_system=_pretty_name(_read("/etc/os-release")),
            architecture=name.machine,
            ncpu=os.cpu_count() or 1,
            mem_total=usage.total_memory(),
            docker_root_dir=str(ctx.paths.root),
            name=name.nodename,
            server_version=own_version(),
            # The names that Docker's clients know for the default; the runtime behind both is ours.
            runtimes={name: wire.Runtime(path="pydock") for name in ("runc", "io.containerd.runc.v2")},
            default_runtime="runc",
            registry_config=_registries(ctx),
            index_server_address="https://index.docker.io/v1/",
            firewall_backend=wire.FirewallBackend(),
            security_options=["name=seccomp,profile=builtin"] if ctx.host.seccomp else [],
            warnings=_warnings(ctx),
        )

    async def disk_usage(self) -> wire.DiskUsage:
        """Add up what lies on disk; the sizes of volumes are counted in a thread."""
        ctx = self._ctx
        images = await ctx.images.list(Filters(), all=True, shared_size=True)
        containers: list[ContainerSummary] = await listing.rows(
            ctx, Filters(), everything=True, limit=None, size=True
        )
        volumes = [await self._measured(volume) for volume in await ctx.volumes.list()]
        for image in images:
            image.containers = len(ctx.book.containers.find(image=image.id))
        return wire.DiskUsage(
            layers_size=sum(image.size for image in images),
            images=images,
            containers=containers,
            volumes=volumes,
            build_cache=[],
        )

    async def _measured(self, volume: Volume) -> Volume:
        size = await asyncio.to_thread(self._ctx.volumes.size, volume.name)
        users = len(self._ctx.volumes.users(volume.name))
        return replace(volume, usage_data=UsageData(ref_count=users, size=size))


def _built() -> str:
    """Tell when the program was laid down here: the time of its own file."""
    return rfc3339(os.stat(__file__).st_mtime_ns)


def _driver_status(ctx: Context) -> list[list[str]]:
    """Name the file system below the state, where layers lie."""
    found = "", "unknown"
    for line in _read("/proc/self/mounts").splitlines():
        _, place, kind, *_ = line.split(" ")
        if ctx.paths.root.is_relative_to(place) and len(place) >= len(found[0]):
            found = place, kind
    return [["Backing Filesystem", found[1]], ["Native Overlay Diff", "true"]]


def _registries(ctx: Context) -> wire.RegistryConfig:
    settings = load_registries(ctx.config.daemon_file)
    networks = [text for text in settings.insecure if "/" in text]
    hub = wire.IndexConfig(name="docker.io", mirrors=list(settings.mirrors), official=True)
    others = {
        text: wire.IndexConfig(name=text, secure=False) for text in settings.insecure if "/" not in text
    }
    config = wire.RegistryConfig(index_configs={"docker.io": hub, **others}, mirrors=list(settings.mirrors))
    return replace(config, insecure_registry_cidrs=[*(config.insecure_registry_cidrs or ()), *networks])


def _warnings(ctx: Context) -> list[str] | None:
    said = []
    if not ctx.host.cgroup_version:
        said.append("WARNING: no cgroup is mounted: limits, pause and stats can't be had")
    if not ctx.host.seccomp:
        said.append("WARNING: this kernel has no seccomp filter")
    if ctx.snapshots.name == "vfs":
        said.append("WARNING: overlayfs can't be had here: layers are copied in whole")
    return said or None


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _pretty_name(text: str) -> str:
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return value.strip("\"'")
    return "Linux"
