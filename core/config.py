"""Where an engine keeps its state, and the settings it runs with.

Names of settings are those of Docker's daemon.json where Docker has one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_ROOT = Path("/var/lib/pydock")
DEFAULT_RUN = Path("/run/pydock")
DAEMON_FILE = Path("/etc/pydock/daemon.json")
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Paths:
    """The state root and the run directory of an engine; each is 0700 throughout.

    `root` survives a reboot, `run` does not. All engines on one root share both.
    """

    root: Path
    run: Path

    @property
    def db(self) -> Path:
        return self.root / "state.db"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def layers(self) -> Path:
        return self.root / "layers"

    @property
    def containers(self) -> Path:
        return self.root / "containers"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def tmp(self) -> Path:
        """Half-made things, on the same file system as what they become."""
        return self.root / "tmp"

    @property
    def run_containers(self) -> Path:
        return self.run / "containers"

    @property
    def locks(self) -> Path:
        return self.run / "locks"

    @property
    def engines(self) -> Path:
        """Sockets of the running engines' bells."""
        return self.run / "engines"

    def container(self, identity: str) -> Path:
        return self.containers / identity

    def container_run(self, identity: str) -> Path:
        return self.run_containers / identity

    def create(self) -> None:
        """Make all directories, each for root alone; raises OSError."""
        for path in (
            self.root, self.blobs, self.layers, self.containers, self.volumes, self.tmp,
            self.run, self.run_containers, self.locks, self.engines,
        ):  # fmt: skip
            path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            path.chmod(_PRIVATE)


def default_paths(environment: Mapping[str, str] | None = None) -> Paths:
    """PYDOCK_ROOT and PYDOCK_RUN, else /var/lib/pydock and /run/pydock."""
    values = os.environ if environment is None else environment
    return Paths(
        Path(values.get("PYDOCK_ROOT") or DEFAULT_ROOT).absolute(),
        Path(values.get("PYDOCK_RUN") or DEFAULT_RUN).absolute(),
    )


@dataclass(frozen=True, slots=True)
class AddressPool:
    """Subnets of `size` bits are cut from `base` for networks that name none."""

    base: str
    size: int


_DEFAULT_POOLS = (
    *(AddressPool(f"172.{n}.0.0/16", 16) for n in range(17, 32)),
    AddressPool("192.168.0.0/16", 20),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on foreign archives; beyond them an image is refused."""

    manifest_bytes: int = 4 << 20
    config_bytes: int = 8 << 20
    layer_bytes: int = 1 << 40
    layer_entries: int = 20_000_000
    path_depth: int = 255


@dataclass(frozen=True, slots=True)
class Config:
    """An engine's settings."""

    bridge_name: str = "pydock0"
    default_address_pools: tuple[AddressPool, ...] = _DEFAULT_POOLS
    log_driver: str = "json-file"
    log_opts: Mapping[str, str] = field(default_factory=dict)
    storage_driver: str = ""
    shutdown_timeout: int = 10
    limits: Limits = field(default_factory=Limits)
    daemon_file: Path = DAEMON_FILE
    """Where the settings of registries are read from, at each pull and push."""
