"""`--mount`, `-v` and `--tmpfs`."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence

from ...errors import Invalid
from ...schema.containers import (
    BindOptions,
    DriverConfig,
    Empty,
    ImageOptions,
    Mount,
    TmpfsOptions,
    VolumeOptions,
)
from ...units import parse_size
from ..failure import UsageError
from ..flags import USAGE_STATUS

_TYPES = ("bind", "volume", "tmpfs", "image", "npipe", "cluster")


def volumes(specs: Sequence[str]) -> tuple[list[str], dict[str, Empty]]:
    """Tell binds (`source:target[:options]`) from anonymous volumes; `./x` becomes a whole path."""
    binds: list[str] = []
    anonymous: dict[str, Empty] = {}
    for spec in specs:
        source, colon, rest = spec.partition(":")
        if not colon:
            anonymous[spec] = {}
        elif source in (".", "..") or source.startswith(("./", "../")):
            binds.append(f"{os.path.abspath(source)}:{rest}")
        else:
            binds.append(spec)
    return binds, anonymous


def tmpfs(specs: Sequence[str]) -> dict[str, str]:
    return {path: options for path, _, options in (spec.partition(":") for spec in specs)}


def mounts(specs: Sequence[str]) -> list[Mount]:
    """Read `--mount` values; raises UsageError with docker's words."""
    return [_mount(spec) for spec in specs]


def _mount(spec: str) -> Mount:
    mount = Mount(type="volume")
    try:
        fields = next(csv.reader([spec]))
        for field in fields:
            key, equals, value = field.partition("=")
            _set(mount, key.lower(), value, bool(equals), field)
        _check(mount)
    except (Invalid, ValueError) as err:
        raise UsageError(f'invalid argument "{spec}" for "--mount" flag: {err}', USAGE_STATUS) from None
    return mount


def _set(mount: Mount, key: str, value: str, has_value: bool, field: str) -> None:
    if not has_value and key not in (
        "readonly",
        "ro",
        "volume-nocopy",
        "bind-nonrecursive",
        "bind-create-src",
    ):
        raise ValueError(f"invalid field '{field}' must be a key=value pair")
    match key:
        case "type":
            mount.type = value.lower()
        case "source" | "src":
            mount.source = os.path.abspath(value) if value.startswith("./") or value == "." else value
        case "target" | "dst" | "destination":
            mount.target = value
        case "readonly" | "ro":
            mount.read_only = _truth(key, value, has_value)
        case "consistency":
            mount.consistency = value.lower()
        case _:
            _set_option(mount, key, value, has_value)


def _set_option(mount: Mount, key: str, value: str, has_value: bool) -> None:
    kind, _, name = key.partition("-")
    match kind, name:
        case "bind", "propagation":
            _bind(mount).propagation = value.lower()
        case "bind", "nonrecursive":
            _bind(mount).non_recursive = _truth(key, value, has_value)
        case "bind", "create-src":
            _bind(mount).create_mountpoint = _truth(key, value, has_value)
        case "bind", "recursive":
            _recursive(mount, value)
        case "volume", "nocopy":
            _volume(mount).no_copy = _truth(key, value, has_value)
        case "volume", "subpath":
            _volume(mount).subpath = value
        case "volume", "label":
            label, _, text = value.partition("=")
            _volume(mount).labels[label] = text
        case "volume", "driver":
            _driver(mount).name = value
        case "volume", "opt":
            option, _, text = value.partition("=")
            _driver(mount).options[option] = text
        case "image", "subpath":
            mount.image_options = ImageOptions(subpath=value)
        case "tmpfs", "size":
            _tmpfs(mount).size_bytes = parse_size(value)
        case "tmpfs", "mode":
            _tmpfs(mount).mode = int(value, 8)
        case _:
            raise ValueError(f"unknown option '{key}' in '{key}={value}'")


def _bind(mount: Mount) -> BindOptions:
    mount.bind_options = mount.bind_options or BindOptions()
    return mount.bind_options


def _volume(mount: Mount) -> VolumeOptions:
    mount.volume_options = mount.volume_options or VolumeOptions()
    return mount.volume_options


def _driver(mount: Mount) -> DriverConfig:
    options = _volume(mount)
    options.driver_config = options.driver_config or DriverConfig()
    return options.driver_config


def _tmpfs(mount: Mount) -> TmpfsOptions:
    mount.tmpfs_options = mount.tmpfs_options or TmpfsOptions()
    return mount.tmpfs_options


def _recursive(mount: Mount, value: str) -> None:
    options = _bind(mount)
    match value:
        case "enabled":
            pass
        case "disabled":
            options.non_recursive = True
        case "writable":
            options.read_only_non_recursive = True
        case "readonly":
            options.read_only_force_recursive = True
        case _:
            wanted = '"enabled", "disabled", "writable", or "readonly"'
            raise ValueError(f"invalid value for bind-recursive: {value} (must be {wanted})")


def _truth(key: str, value: str, has_value: bool) -> bool:
    if not has_value or value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise ValueError(f"invalid value for {key}: {value}")


def _check(mount: Mount) -> None:
    if not mount.type:
        raise ValueError("type is required")
    if not mount.target:
        raise ValueError("target is required")
    for kind, options in (
        ("bind", mount.bind_options),
        ("volume", mount.volume_options),
        ("image", mount.image_options),
        ("tmpfs", mount.tmpfs_options),
    ):
        if options is not None and mount.type != kind:
            raise ValueError(f"cannot mix '{kind}-*' options with mount type '{mount.type}'")
