"""Devices, limits on devices, ulimits and GPUs."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from ...errors import Invalid
from ...schema.containers import DeviceMapping, DeviceRequest, ThrottleDevice, Ulimit, WeightDevice
from ...units import parse_size
from ..failure import Failure, UsageError
from ..flags import USAGE_STATUS


def devices(specs: Sequence[str]) -> list[DeviceMapping]:
    """Read `--device host[:container[:permissions]]`; raises Failure."""
    return [_device(spec) for spec in specs]


def _device(spec: str) -> DeviceMapping:
    host, *rest = spec.split(":")
    container, permissions = host, "rwm"
    if len(rest) > 2:
        raise Failure(f"invalid device specification: {spec}", USAGE_STATUS)
    if len(rest) == 2:
        container, permissions = rest
    elif rest:
        container, permissions = (host, rest[0]) if _is_mode(rest[0]) else (rest[0], permissions)
    return DeviceMapping(
        path_on_host=host, path_in_container=container or host, cgroup_permissions=permissions
    )


def _is_mode(text: str) -> bool:
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def ulimits(specs: Sequence[str]) -> list[Ulimit]:
    """Read `--ulimit name=soft[:hard]`; raises UsageError."""
    return [_ulimit(spec) for spec in specs]


def _ulimit(spec: str) -> Ulimit:
    name, equals, values = spec.partition("=")
    soft, colon, hard = values.partition(":")
    try:
        if not equals or not soft:
            raise ValueError(f"invalid ulimit argument: {spec}")
        low = int(soft)
        high = int(hard) if colon else low
        if high != -1 and (low > high or low == -1):
            raise ValueError(f"ulimit soft limit must be less than or equal to hard limit: {low} > {high}")
    except ValueError as err:
        raise UsageError(f'invalid argument "{spec}" for "--ulimit" flag: {err}', USAGE_STATUS) from None
    return Ulimit(name=name, soft=low, hard=high)


def weights(specs: Sequence[str]) -> list[WeightDevice]:
    """Read `--blkio-weight-device path:weight`; raises UsageError."""
    found = [WeightDevice(path=path, weight=value) for path, value in _pairs(specs, "blkio-weight-device")]
    for device in found:
        if device.weight and not 10 <= device.weight <= 1000:
            raise UsageError(f"invalid weight for device: {device.path}:{device.weight}", USAGE_STATUS)
    return found


def throttles(specs: Sequence[str], flag: str) -> list[ThrottleDevice]:
    """Read `path:rate`, the rate a size or a number; raises UsageError."""
    return [ThrottleDevice(path=path, rate=value) for path, value in _pairs(specs, flag)]


def _pairs(specs: Sequence[str], flag: str) -> list[tuple[str, int]]:
    pairs = []
    for spec in specs:
        path, _, value = spec.rpartition(":")
        try:
            if not path.startswith("/dev/"):
                raise Invalid(f"bad format for device path: {spec}")
            pairs.append((path, parse_size(value) if flag.endswith("bps") else int(value)))
        except (Invalid, ValueError) as err:
            raise UsageError(f'invalid argument "{spec}" for "--{flag}" flag: {err}', USAGE_STATUS) from None
    return pairs


def gpus(specs: Sequence[str]) -> list[DeviceRequest]:
    """Read `--gpus all`, a count, or `device=…,capabilities=…,driver=…`; raises UsageError."""
    return [_gpu(spec) for spec in specs]


def _gpu(spec: str) -> DeviceRequest:
    request = DeviceRequest(count=0, capabilities=[["gpu"]], options={})
    for field in next(csv.reader([spec])):
        key, equals, value = field.partition("=")
        if not equals:
            key, value = "count", field
        if key == "count":
            if value != "all" and not value.isdigit():
                raise UsageError(
                    f'invalid argument "{spec}" for "--gpus" flag: invalid count: {value}', USAGE_STATUS
                )
            request.count = -1 if value == "all" else int(value)
        elif key == "device":
            request.device_ids = value.split(",")
        elif key == "driver":
            request.driver = value
        elif key == "capabilities":
            request.capabilities = [["gpu", *value.split(",")]]
        else:
            raise UsageError(
                f"invalid argument \"{spec}\" for \"--gpus\" flag: unexpected key '{key}' in '{field}'",
                USAGE_STATUS,
            )
    return request
