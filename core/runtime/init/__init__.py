"""The small first process of `--init`: it starts the program, forwards signals to it and reaps orphans.

A static program of our own (`init.c`, two kilobytes, built for each machine and kept beside this file),
executed from a sealed file in memory. So what runs in the container is no file of the host's at all: it can't
be overwritten through /proc/1/exe (CVE-2019-5736), and an image can't bring its own in its place. A Python
process in this role would have carried the shim's memory into the container and cost ten megabytes each.

Built, at a change of `init.c` only, with gcc (x86_64) or aarch64-linux-gnu-gcc:

    gcc -Os -static -nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic \\
        -no-pie -Wl,--build-id=none,-z,norelro,-z,noseparate-code -s -o x86_64.elf init.c
"""

from __future__ import annotations

import os

from ...errors import Unsupported
from ...linux.execveat import sealed_memfd

#: argv[0], as in Docker's containers.
NAME = "/sbin/docker-init"

_HERE = os.path.dirname(__file__)
_programs: dict[str, bytes] = {}


def program(machine: str) -> bytes:
    """Give the ELF file for a machine. Raises Unsupported where none was built.

    Read while planning: in the container's own mount namespace the file is out of reach.
    """
    if machine not in _programs:
        try:
            with open(os.path.join(_HERE, f"{machine}.elf"), "rb") as file:
                _programs[machine] = file.read()
        except FileNotFoundError:
            raise Unsupported(f"--init has no program for {machine}") from None
    return _programs[machine]


def open_program(content: bytes) -> int:
    """Put the program into a sealed file in memory; close-on-exec."""
    return sealed_memfd("docker-init", content)
