"""`--security-opt`: no-new-privileges, seccomp, apparmor, label, systempaths; and Docker's hidden paths."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import Invalid

MASKED_PATHS = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

_LARGEST_PROFILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Security:
    """What the options say. `seccomp` is "" (the default profile), "unconfined", or a profile's JSON text."""

    no_new_privileges: bool = False
    seccomp: str = ""
    apparmor: str = ""
    labels_disabled: bool = False
    unconfined_paths: bool = False
    writable_cgroups: bool = False


def parse(options: Sequence[str]) -> Security:
    """Read the options of a HostConfig; raises Invalid for what is unknown or cannot be had here."""
    values: dict[str, str] = {}
    for option in options:
        name, value = _split(option)
        if name == "label":
            if value != "disable":
                raise Invalid(
                    f"invalid --security-opt: {option!r}: SELinux is not supported: use label=disable"
                )
        elif name not in ("no-new-privileges", "seccomp", "apparmor", "systempaths", "writable-cgroups"):
            raise Invalid(f"invalid --security-opt 2: {option!r}")
        values[name] = value
    return Security(
        no_new_privileges=_flag("no-new-privileges", values.get("no-new-privileges", "false")),
        seccomp=_seccomp(values.get("seccomp", "")),
        apparmor=values.get("apparmor", ""),
        labels_disabled="label" in values,
        unconfined_paths=_unconfined(values.get("systempaths", "")),
        writable_cgroups=_flag("writable-cgroups", values.get("writable-cgroups", "false")),
    )


def _split(option: str) -> tuple[str, str]:
    if option in ("no-new-privileges", "writable-cgroups"):
        return option, "true"
    # The colon is the older separator, which clients still send.
    separator = "=" if "=" in option else ":"
    name, found, value = option.partition(separator)
    if not found:
        raise Invalid(f"invalid --security-opt 1: {option!r}")
    return name, value


def _flag(name: str, text: str) -> bool:
    if text.lower() in ("1", "t", "true"):
        return True
    if text.lower() in ("0", "f", "false"):
        return False
    raise Invalid(f"invalid --security-opt 2: '{name}={text}'")


def _unconfined(text: str) -> bool:
    if text not in ("", "unconfined"):
        raise Invalid(f"invalid --security-opt: 'systempaths={text}': only unconfined is known")
    return bool(text)


def _seccomp(text: str) -> str:
    if text in ("", "builtin", "default"):
        return ""
    if text == "unconfined":
        return text
    profile(text)
    return text


def profile(text: str) -> dict[str, Any]:
    """Decode a seccomp profile that a client sent as JSON; raises Invalid."""
    if len(text) > _LARGEST_PROFILE:
        raise Invalid("decoding seccomp profile failed: larger than 1 MiB")
    try:
        decoded = json.loads(text)
    except ValueError as err:
        raise Invalid(f"decoding seccomp profile failed: {err}") from err
    if not isinstance(decoded, dict) or "defaultAction" not in decoded:
        raise Invalid("decoding seccomp profile failed: no defaultAction")
    return decoded
