"""What an engine remembers of a container: one document in the state store.

Times are nanoseconds since the epoch (0: never). Records are never changed in place:
`msgspec.structs.replace` makes the next one, inside a transaction.
"""

from __future__ import annotations

import msgspec

from ..schema.containers import ContainerConfig, Health, HostConfig, PortBinding
from ..schema.exec import ExecConfig
from ..schema.networks import EndpointSettings
from .states import ALIVE, Status

VERSION = 1


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """One mount of a container, decided at creation.

    `type` is bind, volume or tmpfs; `name` and `driver` are a volume's; `source` is a host path, a volume's
    one its data directory, and `subpath` the part of it that is meant. `options` are a tmpfs's own.
    `from_image` marks a volume that may be filled with what the image has at its place.
    """

    type: str
    destination: str
    source: str = ""
    name: str = ""
    driver: str = ""
    mode: str = ""
    writable: bool = True
    propagation: str = ""
    options: tuple[str, ...] = ()
    copy: bool = False
    anonymous: bool = False
    create_source: bool = False
    recursive: bool = True
    via: str = ""
    subpath: str = ""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container. `image` is the image's id, `image_name` what the user called it; `name` has no slash.

    `journal_at` is how far the shim's journal has been applied, `journal_number` its last record's number.
    `networks` has the endpoints as asked for, `endpoints` and `ports` what they are while it runs.
    `exits` counts its ends, so that a waiter can tell one from the next. `stopped_by_hand` keeps
    "unless-stopped" from starting it after a reboot. `held` says that addresses, ports or mounts may be held
    for it, from before a start until they were given back. `health_number` is that of the last result of its
    health check that was taken over.
    """

    version: int = VERSION
    id: str
    name: str
    created: int
    image: str
    image_name: str
    chain_id: str | None
    driver: str
    path: str
    args: list[str]
    config: ContainerConfig
    host_config: HostConfig
    networks: dict[str, EndpointSettings]
    endpoints: dict[str, EndpointSettings] = {}
    mounts: list[Mount]
    log_path: str
    status: Status = Status.CREATED
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started_at: int = 0
    finished_at: int = 0
    restart_count: int = 0
    exits: int = 0
    health: Health | None = None
    health_number: int = 0
    journal_at: int = 0
    journal_number: int = 0
    boot_id: str = ""
    stopped_by_hand: bool = False
    held: bool = False
    ports: dict[str, list[PortBinding] | None] = {}

    @property
    def alive(self) -> bool:
        """Whether a shim looks after it: running, paused or about to be started again."""
        return self.status in ALIVE

    @property
    def display_name(self) -> str:
        return "/" + self.name


class Exec(msgspec.Struct, frozen=True, kw_only=True):
    """A further process, as it was asked for. `started` is set once, by whoever starts it."""

    version: int = VERSION
    id: str
    container_id: str
    config: ExecConfig
    created: int
    started: bool = False
    pid: int = 0
    exit_code: int | None = None
    finished: bool = False
