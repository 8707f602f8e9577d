"""What an engine asks of the runtime: plain frozen records, standard library only.

They cross a socket to the spawner and live on in the shim, so they hold numbers, strings, bytes and tuples,
never descriptors or callables. Times are nanoseconds since the epoch, sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..rootfs import Rootfs


@dataclass(frozen=True, slots=True)
class Interface:
    """One network interface of a container: a veth pair, its peer end inside, or a macvlan of `parent`.

    `addresses` and gateways are text, addresses with prefix length ("172.17.0.2/16"). An `isolated` one
    reaches the bridge but none of the bridge's other isolated ones.
    """

    host_name: str
    bridge: str
    name: str
    mac: str
    addresses: tuple[str, ...]
    gateway4: str = ""
    gateway6: str = ""
    mtu: int = 1500
    isolated: bool = False
    parent: str = ""
    parent_mode: str = ""


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One host port led to a container's port. `host_ip` is "" for all addresses."""

    protocol: Literal["tcp", "udp", "sctp"]
    host_ip: str
    host_port: int
    container_ip: str
    container_port: int


@dataclass(frozen=True, slots=True)
class NameServer:
    """What the shim answers at 127.0.0.11 in the container's network namespace (`runtime.dns`).

    `files` have the names on its networks, `aliases` the container's own words for some of them (alias,
    name). `upstreams` are asked for all others, by address and whether that is reached from the host's
    network. Without any, nothing goes out.
    """

    files: tuple[str, ...]
    upstreams: tuple[tuple[str, bool], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """The network namespace of a container: a new one with these interfaces, or somebody else's.

    "private" is a new namespace (with no interface but lo when `interfaces` is empty, which is Docker's
    "none"); "host" keeps the host's; "join" enters the namespace of process `join_pid`.
    """

    mode: Literal["private", "host", "join"]
    interfaces: tuple[Interface, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    join_pid: int = 0
    name_server: NameServer | None = None


@dataclass(frozen=True, slots=True)
class LogFile:
    """Where the shim writes a container's output.

    `driver` "none" writes nothing. `max_size` 0 never rotates; `max_files` counts the current one.
    """

    driver: Literal["json-file", "none"]
    path: str
    max_size: int = 0
    max_files: int = 1
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Restart:
    """Docker's restart policy; `max_retries` 0 is without end and counts only for "on-failure"."""

    name: Literal["no", "always", "unless-stopped", "on-failure"] = "no"
    max_retries: int = 0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A program that tells by its exit code whether the container is well, run as the container's own.

    Times are nanoseconds. Within `start_period` failures don't count, and until the first success it runs
    every `start_interval`. After `retries` failures in a row the container is unhealthy.
    """

    args: tuple[str, ...]
    interval: int
    timeout: int
    start_period: int
    start_interval: int
    retries: int


@dataclass(frozen=True, slots=True)
class StartRequest:
    """All that a shim needs to start a container, and to start it again without an engine.

    `spec` is an OCI runtime specification 1.2 as decoded JSON. `run_dir` is the container's directory below
    /run/pydock/containers; `engines_dir` is where engines listen for the bell. `restart_count` continues
    Docker's RestartCount.
    """

    id: str
    spec: dict[str, Any]
    rootfs: Rootfs
    network: Network
    log: LogFile
    run_dir: str
    engines_dir: str
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    console_size: tuple[int, int] = (0, 0)
    stop_signal: int = 15
    restart: Restart = field(default_factory=Restart)
    restart_count: int = 0
    health: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A container's first process: its pid in the engine's pid namespace and when it was started."""

    pid: int
    started_at: int


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """A further process in a running container. `process` is the OCI spec's process object as JSON.

    `console_size` is (rows, columns); (0, 0) leaves the kernel's default.
    """

    exec_id: str
    process: dict[str, Any]
    tty: bool = False
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    detach: bool = False
    console_size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class ExecState:
    """`exit_code` is None while the process runs or when it could not be started yet."""

    running: bool
    pid: int
    exit_code: int | None
