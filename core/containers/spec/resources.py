"""Limits and device rules of a container as OCI's `linux.resources` (config-linux.md, "Control groups")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import Invalid
from ...schema.containers import Resources, ThrottleDevice
from .facts import Device

_PERIOD = 100_000
_RULE = re.compile(r"([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})")

# Docker's list: what every container may use, and node making for all.
_DEFAULT_RULES: tuple[tuple[str, int | None, int | None, str], ...] = (
    ("c", None, None, "m"),
    ("b", None, None, "m"),
    ("c", 1, 3, "rwm"),
    ("c", 1, 5, "rwm"),
    ("c", 1, 7, "rwm"),
    ("c", 1, 8, "rwm"),
    ("c", 1, 9, "rwm"),
    ("c", 5, 0, "rwm"),
    ("c", 5, 1, "rwm"),
    ("c", 5, 2, "rwm"),
    ("c", 136, None, "rwm"),
)


def limits(asked: Resources, numbers: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Return all of `resources` but the devices; what was not asked for is left out.

    `numbers` gives major and minor of each device path among the throttles.
    """
    result: dict[str, Any] = {}
    for name, part in (("memory", _memory(asked)), ("cpu", _cpu(asked)), ("blockIO", _block(asked, numbers))):
        if part:
            result[name] = part
    if asked.pids_limit:
        result["pids"] = {"limit": asked.pids_limit if asked.pids_limit > 0 else -1}
    return result


def _memory(asked: Resources) -> dict[str, Any]:
    memory: dict[str, Any] = {}
    if asked.memory:
        memory["limit"] = asked.memory
        # Docker's: as much swap again when only the memory is limited.
        memory["swap"] = asked.memory_swap or 2 * asked.memory
    elif asked.memory_swap:
        memory["swap"] = asked.memory_swap
    if asked.memory_reservation:
        memory["reservation"] = asked.memory_reservation
    if asked.memory_swappiness is not None and asked.memory_swappiness >= 0:
        memory["swappiness"] = asked.memory_swappiness
    if asked.oom_kill_disable:
        memory["disableOOMKiller"] = True
    return memory


def _cpu(asked: Resources) -> dict[str, Any]:
    cpu: dict[str, Any] = {}
    if asked.cpu_shares > 0:
        cpu["shares"] = asked.cpu_shares
    if asked.nano_cpus > 0:
        cpu["period"] = _PERIOD
        cpu["quota"] = asked.nano_cpus * _PERIOD // 1_000_000_000
    if asked.cpu_period:
        cpu["period"] = asked.cpu_period
    if asked.cpu_quota:
        cpu["quota"] = asked.cpu_quota
    if asked.cpu_realtime_period:
        cpu["realtimePeriod"] = asked.cpu_realtime_period
    if asked.cpu_realtime_runtime:
        cpu["realtimeRuntime"] = asked.cpu_realtime_runtime
    if asked.cpuset_cpus:
        cpu["cpus"] = asked.cpuset_cpus
    if asked.cpuset_mems:
        cpu["mems"] = asked.cpuset_mems
    return cpu


def _block(asked: Resources, numbers: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    if asked.blkio_weight:
        block["weight"] = asked.blkio_weight
    if asked.blkio_weight_device:
        block["weightDevice"] = [
            {"major": numbers[d.path][0], "minor": numbers[d.path][1], "weight": d.weight}
            for d in asked.blkio_weight_device
        ]
    for name, throttles in (
        ("throttleReadBpsDevice", asked.blkio_device_read_bps),
        ("throttleWriteBpsDevice", asked.blkio_device_write_bps),
        ("throttleReadIOPSDevice", asked.blkio_device_read_iops),
        ("throttleWriteIOPSDevice", asked.blkio_device_write_iops),
    ):
        if throttles:
            block[name] = _throttles(throttles, numbers)
    return block


def _throttles(
    asked: Sequence[ThrottleDevice], numbers: Mapping[str, tuple[int, int]]
) -> list[dict[str, int]]:
    return [{"major": numbers[d.path][0], "minor": numbers[d.path][1], "rate": d.rate} for d in asked]


def device_paths(asked: Resources) -> set[str]:
    """Name the block devices whose numbers `limits` needs."""
    lists = (
        asked.blkio_device_read_bps,
        asked.blkio_device_write_bps,
        asked.blkio_device_read_iops,
        asked.blkio_device_write_iops,
    )
    paths = {device.path for devices in lists for device in devices or ()}
    return paths | {device.path for device in asked.blkio_weight_device or ()}


def device_rules(devices: Sequence[Device], rules: Sequence[str], privileged: bool) -> list[dict[str, Any]]:
    """Return the cgroup's device list: all forbidden, Docker's defaults, then the container's own."""
    if privileged:
        return [{"allow": True, "access": "rwm"}]
    result: list[dict[str, Any]] = [{"allow": False, "access": "rwm"}]
    result += [_rule(*default) for default in _DEFAULT_RULES]
    result += [_rule(d.kind, d.major, d.minor, d.access) for d in devices]
    result += [parse_rule(rule) for rule in rules]
    return result


def parse_rule(text: str) -> dict[str, Any]:
    """Read `--device-cgroup-rule`: "c 1:3 rwm", "b *:* m"; raises Invalid."""
    match = _RULE.fullmatch(text)
    if not match:
        raise Invalid(f"invalid device cgroup rule format: '{text}'")
    kind, major, minor, access = match.groups()
    return _rule(kind, _number(major), _number(minor), access)


def _number(text: str) -> int | None:
    return None if text == "*" else int(text)


def _rule(kind: str, major: int | None, minor: int | None, access: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"allow": True, "type": kind, "access": access}
    if major is not None:
        rule["major"] = major
    if minor is not None:
        rule["minor"] = minor
    return rule
