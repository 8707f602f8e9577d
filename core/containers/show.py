"""A container's record as the API shows it: inspect, and one row of the list; pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from ..config import Paths
from ..rootfs import Overlay, Rootfs
from ..schema import containers as wire
from ..schema.networks import EndpointSettings
from ..units import human_duration, rfc3339
from . import links, ports
from .record import Container, Mount
from .states import Status


def inspect(
    container: Container,
    paths: Paths,
    rootfs: Rootfs | None,
    execs: Sequence[str],
    sizes: tuple[int, int] | None,
) -> wire.ContainerInspect:
    """Return what `docker inspect` prints. `sizes` are the bytes written and the whole root's."""
    files = paths.container(container.id)
    started = bool(container.started_at)
    return wire.ContainerInspect(
        id=container.id,
        created=rfc3339(container.created),
        path=container.path,
        args=container.args,
        state=state(container),
        image=container.image,
        resolv_conf_path=str(files / "resolv.conf") if started else "",
        hostname_path=str(files / "hostname") if started else "",
        hosts_path=str(files / "hosts") if started else "",
        log_path=container.log_path if started else "",
        name=container.display_name,
        restart_count=container.restart_count,
        driver=container.driver,
        exec_ids=list(execs) or None,
        host_config=_host_config(container),
        graph_driver=_graph(container, rootfs),
        size_rw=sizes[0] if sizes else None,
        size_root_fs=sizes[1] if sizes else None,
        mounts=[mount_point(mount) for mount in container.mounts if mount.via != "tmpfs"],
        config=container.config,
        network_settings=network_settings(container),
    )


def _host_config(container: Container) -> wire.HostConfig:
    """Return it with links as dockerd shows them: other name, own name and alias."""
    asked = [links.parse(text) for text in container.host_config.links or ()]
    shown = [f"/{name}:/{container.name}/{alias}" for name, alias in asked]
    return replace(container.host_config, links=shown or None)


def state(container: Container) -> wire.ContainerState:
    status = container.status
    return wire.ContainerState(
        status=str(status),
        running=container.alive,
        paused=status is Status.PAUSED,
        restarting=status is Status.RESTARTING,
        oom_killed=container.oom_killed,
        dead=status is Status.DEAD,
        pid=container.pid,
        exit_code=container.exit_code,
        error=container.error,
        started_at=rfc3339(container.started_at),
        finished_at=rfc3339(container.finished_at),
        health=container.health,
    )


def mount_point(mount: Mount) -> wire.MountPoint:
    return wire.MountPoint(
        type=mount.type,
        name=mount.name,
        source=mount.source,
        destination=mount.destination,
        driver=mount.driver,
        mode=mount.mode,
        rw=mount.writable,
        propagation=mount.propagation,
    )


def _graph(container: Container, rootfs: Rootfs | None) -> wire.GraphDriver:
    if not isinstance(rootfs, Overlay):
        data = {} if rootfs is None else {"Dir": rootfs.path}
        return wire.GraphDriver(name=container.driver, data=data)
    data = {
        "ID": container.id,
        "LowerDir": ":".join(rootfs.lower),
        "MergedDir": str(Path(rootfs.upper).parent / "merged"),
        "UpperDir": rootfs.upper,
        "WorkDir": rootfs.work,
    }
    return wire.GraphDriver(name=container.driver, data=data)


def shown_networks(container: Container) -> dict[str, EndpointSettings]:
    """Return the endpoints as they are, or those of a container that is down as they were asked for."""
    return {**container.networks, **container.endpoints}


def network_settings(container: Container) -> wire.NetworkSettings:
    """Return the endpoints; those on the default bridge are repeated beside them, as in dockerd."""
    settings = wire.NetworkSettings(
        networks=shown_networks(container),
        ports=dict(container.ports),
        sandbox_id=container.id if container.alive else "",
        sandbox_key=f"/proc/{container.pid}/ns/net" if container.pid else "",
    )
    default = shown_networks(container).get("bridge")
    if default is None:
        return settings
    return replace(
        settings,
        endpoint_id=default.endpoint_id,
        gateway=default.gateway,
        ip_address=default.ip_address,
        ip_prefix_len=default.ip_prefix_len,
        ipv6_gateway=default.ipv6_gateway,
        global_ipv6_address=default.global_ipv6_address,
        global_ipv6_prefix_len=default.global_ipv6_prefix_len,
        mac_address=default.mac_address,
    )


def summary(
    container: Container, image: str, at: int, sizes: tuple[int, int] | None = None
) -> wire.ContainerSummary:
    """Return a row of `docker ps`; `image` is what stands in its column, `at` the present."""
    host = container.host_config
    return wire.ContainerSummary(
        id=container.id,
        names=[container.display_name],
        image=image,
        image_id=container.image,
        command=command_line(container),
        created=container.created // 1_000_000_000,
        ports=port_rows(container),
        size_rw=sizes[0] if sizes else 0,
        size_root_fs=sizes[1] if sizes else 0,
        labels=container.config.labels or {},
        state=str(container.status),
        status=status_text(container, at),
        host_config=wire.SummaryHostConfig(network_mode=host.network_mode, annotations=host.annotations),
        network_settings=wire.SummaryNetworkSettings(networks=shown_networks(container)),
        mounts=[mount_point(mount) for mount in container.mounts if mount.via != "tmpfs"],
    )


def command_line(container: Container) -> str:
    """Join the arguments as dockerd does: those with blanks in single quotes."""
    words = [container.path, *(f"'{arg}'" if " " in arg else arg for arg in container.args)]
    return " ".join(words)


def status_text(container: Container, at: int) -> str:
    """Return the STATUS column: "Up 3 minutes (healthy)", "Exited (1) 2 hours ago"."""
    match container.status:
        case Status.RUNNING | Status.PAUSED:
            text = f"Up {human_duration((at - container.started_at) / 1e9)}"
            if container.status is Status.PAUSED:
                return text + " (Paused)"
            return text + _health(container)
        case Status.RESTARTING:
            since = human_duration((at - container.finished_at) / 1e9)
            return f"Restarting ({container.exit_code}) {since} ago"
        case Status.DEAD:
            return "Dead"
        case Status.CREATED:
            return "Created"
        case Status.EXITED:
            since = human_duration((at - container.finished_at) / 1e9)
            return f"Exited ({container.exit_code}) {since} ago"


def _health(container: Container) -> str:
    if container.health is None or container.health.status in ("", "none"):
        return ""
    if container.health.status == "starting":
        return " (health: starting)"
    return f" ({container.health.status})"


def port_rows(container: Container) -> list[wire.Port]:
    """Return what is published, and what is only exposed while the container runs."""
    rows: list[wire.Port] = []
    if not container.alive:
        return rows
    names = {**dict.fromkeys(container.config.exposed_ports or ()), **dict.fromkeys(container.ports)}
    for name in names:
        number, protocol = ports.split(name)
        bindings = container.ports.get(name) or ()
        rows += [
            wire.Port(ip=b.host_ip, private_port=number, public_port=int(b.host_port or 0), type=protocol)
            for b in bindings
        ]
        if not bindings:
            rows.append(wire.Port(private_port=number, type=protocol))
    return rows
