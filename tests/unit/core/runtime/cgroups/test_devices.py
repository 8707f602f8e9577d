"""The device list as an eBPF program, run by an interpreter of the few instructions that it is made of."""

from __future__ import annotations

import itertools
import struct

import pytest

from pydock.core.runtime.cgroups import Resources, with_device_defaults
from pydock.core.runtime.cgroups.devices import lines, program
from pydock.core.runtime.cgroups.records import DeviceRule

BLOCK, CHARACTER = 1, 2
MKNOD, READ, WRITE = 1, 2, 4
DENY_ALL = DeviceRule(False, "a", None, None, "rwm")


def allowed(code: bytes, kind: int, access: int, major: int, minor: int) -> bool:
    """Interpret eBPF over struct bpf_cgroup_dev_ctx."""
    context = (access << 16 | kind, major, minor)
    registers = [0] * 11
    at = 0
    instructions = list(struct.iter_unpack("<BBhi", code))
    while True:
        opcode, pair, offset, immediate = instructions[at]
        dst, src = pair & 15, pair >> 4
        at += 1
        match opcode:
            case 0x61:
                registers[dst] = context[offset // 4]
            case 0xBC:
                registers[dst] = registers[src]
            case 0x54:
                registers[dst] &= immediate
            case 0x74:
                registers[dst] >>= immediate
            case 0xB7:
                registers[dst] = immediate
            case 0x55:
                at += offset if registers[dst] != immediate else 0
            case 0x5E:
                at += offset if registers[dst] != registers[src] else 0
            case 0x95:
                return registers[0] == 1
            case _:
                raise AssertionError(f"opcode {opcode:#x}")


def plainly(rules: tuple[DeviceRule, ...], kind: int, access: int, major: int, minor: int) -> bool:
    verdict = False
    letters = {letter for letter, bit in (("m", 1), ("r", 2), ("w", 4)) if access & bit}
    for rule in rules:
        if (
            rule.kind in ("a", "bc"[kind - 1])
            and (rule.kind == "a" or letters <= set(rule.access))
            and (rule.kind == "a" or rule.major in (None, major))
            and (rule.kind == "a" or rule.minor in (None, minor))
        ):
            verdict = rule.allow
    return verdict


LISTS = [
    with_device_defaults(Resources()).devices or (),
    with_device_defaults(Resources(devices=(DeviceRule(True, "a", None, None, "rwm"),))).devices or (),
    (DENY_ALL, DeviceRule(True, "b", 8, None, "r"), DeviceRule(False, "b", 8, 1, "r")),
    (DENY_ALL, DeviceRule(True, "c", None, 3, "rw")),
    (DENY_ALL,),
    (),
]


@pytest.mark.parametrize("rules", LISTS)
def test_program_decides_as_the_list_reads(rules: tuple[DeviceRule, ...]) -> None:
    code = program(rules)
    for kind, access, major, minor in itertools.product(
        (1, 2), range(1, 8), (1, 5, 8, 136), (0, 1, 2, 3, 11)
    ):
        assert allowed(code, kind, access, major, minor) == plainly(rules, kind, access, major, minor)


def test_defaults_are_dockers() -> None:
    code = program(with_device_defaults(Resources()).devices or ())
    assert allowed(code, CHARACTER, READ | WRITE, 1, 3)
    assert allowed(code, CHARACTER, READ | WRITE, 136, 7)
    assert allowed(code, BLOCK, MKNOD, 8, 0)
    assert not allowed(code, BLOCK, READ, 8, 0)
    assert not allowed(code, CHARACTER, READ, 1, 11)


def test_lines_for_v1() -> None:
    rules = (DENY_ALL, DeviceRule(True, "c", 10, None, "rw"), DeviceRule(False, "b", 8, 0, "w"))
    assert lines(rules) == [
        ("devices.deny", "a"),
        ("devices.allow", "c 10:* rw"),
        ("devices.deny", "b 8:0 w"),
    ]
