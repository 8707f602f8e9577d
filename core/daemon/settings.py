"""What a daemon is told by its flags and by daemon.json: one record, checked.

Names are those of Docker's daemon.json (https://docs.docker.com/reference/cli/dockerd/, "Daemon configuration
file"). A key that is not known is refused by name, and so is a setting that stands in both places.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import DAEMON_FILE, AddressPool, Config
from ..errors import Invalid

DEFAULT_FILE = DAEMON_FILE
LEVELS = ("debug", "info", "warn", "error", "fatal")
# These are read by the registry's own reader, at each pull and push, from the same file.
REGISTRY = ("insecure-registries", "max-concurrent-downloads", "max-concurrent-uploads", "registry-mirrors")
_KINDS: dict[str, type] = {
    "data-root": str,
    "debug": bool,
    "default-address-pools": list,
    "exec-root": str,
    "group": str,
    "hosts": list,
    "insecure-registries": list,
    "live-restore": bool,
    "log-driver": str,
    "log-level": str,
    "log-opts": dict,
    "max-concurrent-downloads": int,
    "max-concurrent-uploads": int,
    "pidfile": str,
    "registry-mirrors": list,
    "shutdown-timeout": int,
    "storage-driver": str,
    "tls": bool,
    "tlscacert": str,
    "tlscert": str,
    "tlskey": str,
    "tlsverify": bool,
}
_WORDS = {str: "a string", bool: "true or false", list: "a list", dict: "an object", int: "a number"}
# What a HUP takes over; all else needs a new start.
RELOADED = ("debug", "log-level", "tlscacert", "tlscert", "tlskey", *REGISTRY)


@dataclass(frozen=True, slots=True)
class Settings:
    """A daemon's settings; `tls` and `tlsverify` are None where nothing was said of them."""

    hosts: tuple[str, ...] = ()
    group: str = "docker"
    debug: bool = False
    log_level: str = "info"
    pidfile: Path | None = None
    data_root: Path | None = None
    exec_root: Path | None = None
    tls: bool | None = None
    tlsverify: bool | None = None
    tlscacert: Path | None = None
    tlscert: Path | None = None
    tlskey: Path | None = None
    config: Config = field(default_factory=Config)

    @property
    def level(self) -> str:
        return "debug" if self.debug else self.log_level


def read(path: Path, *, asked_for: bool = False) -> dict[str, Any]:
    """Read daemon.json; a missing one is empty unless it was `asked_for`. Raises Invalid."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        if asked_for:
            raise Invalid(f"no such file: {path}") from None
        return {}
    except (OSError, UnicodeDecodeError) as err:
        raise Invalid(f"cannot read {path}: {err}") from err
    if not text.strip():
        return {}
    try:
        values = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as err:
        raise Invalid(f"cannot read {path}: {err}") from err
    if not isinstance(values, dict):
        raise Invalid(f"cannot read {path}: it must be a JSON object")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; raises ValueError for a key that stands in it twice."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made


def merge(flags: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Join what flags and file say; raises Invalid for what stands in both, as dockerd does."""
    both = sorted(flags.keys() & file.keys())
    if both:
        said = ", ".join(
            f"{key}: (from flag: {_shown(flags[key])}, from file: {_shown(file[key])})" for key in both
        )
        raise Invalid(
            f"the following directives are specified both as a flag and in the configuration file: {said}"
        )
    return {**file, **flags}


def _shown(value: object) -> str:
    return f"[{' '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def parse(values: Mapping[str, Any]) -> Settings:
    """Check all values and make the settings of them; raises Invalid, naming the key."""
    unknown = sorted(values.keys() - _KINDS.keys())
    if unknown:
        raise Invalid("the following directives don't match any configuration option: " + ", ".join(unknown))
    for key, value in values.items():
        wanted = _KINDS[key]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise Invalid(f"invalid {key}: it must be {_WORDS[wanted]}")
    if values.get("live-restore") is False:
        raise Invalid("invalid live-restore: containers always go on when the daemon stops")
    level = values.get("log-level", "info")
    if level not in LEVELS:
        raise Invalid(f"invalid log-level: {level}: it must be one of {', '.join(LEVELS)}")
    return Settings(
        hosts=_strings(values, "hosts"),
        group=values.get("group", "docker"),
        debug=values.get("debug", False),
        log_level=level,
        pidfile=_path(values, "pidfile"),
        data_root=_path(values, "data-root"),
        exec_root=_path(values, "exec-root"),
        tls=values.get("tls"),
        tlsverify=values.get("tlsverify"),
        tlscacert=_path(values, "tlscacert"),
        tlscert=_path(values, "tlscert"),
        tlskey=_path(values, "tlskey"),
        config=_config(values),
    )


def _config(values: Mapping[str, Any]) -> Config:
    default = Config()
    options = values.get("log-opts", {})
    if not all(isinstance(value, str) for value in options.values()):
        raise Invalid("invalid log-opts: each value must be a string")
    return Config(
        default_address_pools=_pools(values) or default.default_address_pools,
        log_driver=values.get("log-driver", default.log_driver),
        log_opts=options,
        storage_driver=values.get("storage-driver", default.storage_driver),
        shutdown_timeout=values.get("shutdown-timeout", default.shutdown_timeout),
    )


def _pools(values: Mapping[str, Any]) -> tuple[AddressPool, ...]:
    return tuple(_pool(entry) for entry in values.get("default-address-pools", ()))


def _pool(entry: Any) -> AddressPool:
    match entry:
        case {"base": str(base), "size": int(size)} if len(entry) == 2:
            try:
                network = ipaddress.ip_network(base)
            except ValueError as err:
                raise Invalid(f"invalid default-address-pools: {err}") from err
            if not network.prefixlen <= size <= network.max_prefixlen:
                raise Invalid(f"invalid default-address-pools: subnets of /{size} do not fit into {base}")
            return AddressPool(base, size)
    raise Invalid('invalid default-address-pools: each is {"base": "10.10.0.0/16", "size": 24}')


def _strings(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = values.get(key, ())
    if not all(isinstance(item, str) for item in found):
        raise Invalid(f"invalid {key}: it must be a list of strings")
    return tuple(found)


def _path(values: Mapping[str, Any], key: str) -> Path | None:
    """Read a path; "" is none. Raises Invalid for a relative one: a daemon has no directory to start from."""
    text = values.get(key)
    if not text:
        return None
    path = Path(text)
    if not path.is_absolute():
        raise Invalid(f"invalid {key}: {text}: it must be an absolute path")
    return path
