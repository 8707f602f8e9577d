"""How registries are reached: insecure ones, mirrors, certificates. Names as in Docker's daemon.json."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import Invalid

_CERTIFICATES = (Path("/etc/pydock/certs.d"), Path("/etc/docker/certs.d"))
_LOOPBACK = "127.0.0.0/8"


@dataclass(frozen=True, slots=True)
class Settings:
    """`insecure` are hosts or networks in CIDR form; `back_off` is seconds before each further try."""

    insecure: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    certificates: tuple[Path, ...] = _CERTIFICATES
    downloads: int = 3
    uploads: int = 5
    back_off: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)


def load(path: Path) -> Settings:
    """Read the settings' file; a missing one means defaults. Raises Invalid."""
    try:
        data = json.loads(path.read_bytes().strip() or b"{}")
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as err:
        raise Invalid(f"cannot read {path}: {err}") from err
    if not isinstance(data, dict):
        raise Invalid(f"cannot read {path}: it must be a JSON object")
    default = Settings()
    return Settings(
        insecure=_strings(data, "insecure-registries", path),
        mirrors=_strings(data, "registry-mirrors", path),
        downloads=_count(data, "max-concurrent-downloads", default.downloads, path),
        uploads=_count(data, "max-concurrent-uploads", default.uploads, path),
    )


def _strings(data: dict[str, object], key: str, path: Path) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Invalid(f"invalid {key} in {path}: it must be a list of strings")
    return tuple(value)


def _count(data: dict[str, object], key: str, default: int, path: Path) -> int:
    value = data.get(key, default)
    if not isinstance(value, int) or not 0 < value <= 100:
        raise Invalid(f"invalid {key} in {path}: it must be a number from 1 to 100")
    return value


def host_name(host: str) -> str:
    """Return a host without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def is_loopback(host: str) -> bool:
    return host_name(host) == "localhost" or _in_networks(host, (_LOOPBACK, "::1/128"))


def is_insecure(settings: Settings, host: str) -> bool:
    """Tell whether a registry may be spoken to in plain text, or with a certificate nobody vouches for."""
    named = host in settings.insecure or host_name(host) in settings.insecure
    return named or is_loopback(host) or _in_networks(host, settings.insecure)


def _in_networks(host: str, networks: Sequence[str]) -> bool:
    try:
        address = ipaddress.ip_address(host_name(host))
    except ValueError:
        return False
    for text in networks:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue
        if address.version == network.version and address in network:
            return True
    return False
