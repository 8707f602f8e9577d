"""Capability names and masks, and Docker's default set (capabilities(7))."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import Invalid
from ..linux.capability import NAMES

#: What Docker gives a container that asks for nothing, in the order that `docker inspect` users know.
DEFAULT = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
)

_BITS = {name: bit for bit, name in enumerate(NAMES)}


def mask(names: Iterable[str]) -> int:
    """Give the bit mask of capability names; raises Invalid for an unknown one."""
    result = 0
    for name in names:
        if name not in _BITS:
            raise Invalid(f"unknown capability: {name}")
        result |= 1 << _BITS[name]
    return result


def names(bits: int) -> tuple[str, ...]:
    """Give the names in a bit mask, in the kernel's order."""
    return tuple(name for bit, name in enumerate(NAMES) if bits >> bit & 1)
