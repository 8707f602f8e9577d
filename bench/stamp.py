"""A program of a few instructions that writes the time of its start: clock_gettime(2), write(2), exit(2).

As the first program of a container it shows when the container's own code starts to run.
"""

from __future__ import annotations

import struct

_CODE = bytes.fromhex(
    "4883ec20"  # sub rsp, 32
    "b8e4000000 31ff 4889e6 0f05"  # clock_gettime(CLOCK_REALTIME, rsp)
    "b801000000 bf01000000 4889e6 ba10000000 0f05"  # write(1, rsp, 16)
    "b83c000000 31ff 0f05"  # exit(0)
)
_BASE = 0x400000
_HEADERS = 64 + 56
MACHINE = "x86_64"


def program() -> bytes:
    """A static ELF executable for x86-64."""
    size = _HEADERS + len(_CODE)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + _CODE


def read(output: bytes) -> float:
    """Seconds since the epoch from the program's output (two native longs)."""
    seconds, nanoseconds = struct.unpack("<qq", output[:16])
    return float(seconds) + nanoseconds / 1e9
