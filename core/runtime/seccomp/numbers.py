"""System call numbers and audit architectures, by OCI's names of architectures (from `syscalls.txt`)."""

from __future__ import annotations

import os
from dataclasses import dataclass

_FILE = os.path.join(os.path.dirname(__file__), "syscalls.txt")
_COLUMNS = ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64")

#: Set in an x32 call's number; its audit architecture is x86_64's.
X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class Architecture:
    """`audit` is what seccomp_data.arch says (linux/audit.h); numbers of x32 have its bit."""

    name: str
    audit: int
    numbers: dict[str, int]
    narrow: bool


_AUDIT = {
    "SCMP_ARCH_X86_64": 0xC000003E,
    "SCMP_ARCH_X86": 0x40000003,
    "SCMP_ARCH_X32": 0xC000003E,
    "SCMP_ARCH_AARCH64": 0xC00000B7,
}

#: The architectures that a kernel of this machine runs, its own first.
OF_MACHINE = {
    "x86_64": ("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"),
    "aarch64": ("SCMP_ARCH_AARCH64",),
}

_tables: dict[str, Architecture] = {}


def architecture(name: str) -> Architecture | None:
    """Give an architecture's table, None when it isn't in ours."""
    if not _tables:
        _load()
    return _tables.get(name)


def _load() -> None:
    numbers: dict[str, dict[str, int]] = {name: {} for name in _COLUMNS}
    with open(_FILE) as file:
        for line in file:
            if line.startswith("#"):
                continue
            call, *columns = line.split()
            for name, text in zip(_COLUMNS, columns, strict=True):
                if text != "-":
                    numbers[name][call] = int(text) | (X32_BIT if name == "SCMP_ARCH_X32" else 0)
    for name in _COLUMNS:
        _tables[name] = Architecture(name, _AUDIT[name], numbers[name], name == "SCMP_ARCH_X86")
