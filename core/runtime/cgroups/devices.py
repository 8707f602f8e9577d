"""The device list of a container: as lines for v1's devices controller, as an eBPF program for v2; pure.

Kernel documentation: cgroup-v1/devices.rst; cgroup-v2.rst "Device controller"; OCI config-linux.md
"Allowed Device list".
"""

from __future__ import annotations

import struct
from dataclasses import replace

from .records import DeviceRule, Resources

_DENY_ALL = DeviceRule(False, "a", None, None, "rwm")

#: What every container may use whatever its list says, since its own /dev has these nodes. Making any
#: node (not opening it) is allowed: CAP_MKNOD decides that.
ALWAYS = (
    DeviceRule(True, "c", None, None, "m"),
    DeviceRule(True, "b", None, None, "m"),
    *(DeviceRule(True, "c", 1, minor, "rwm") for minor in (3, 5, 7, 8, 9)),
    DeviceRule(True, "c", 5, 0, "rwm"),
    DeviceRule(True, "c", 5, 2, "rwm"),
    DeviceRule(True, "c", 136, None, "rwm"),
)


def with_device_defaults(limits: Resources) -> Resources:
    """Give a new container's limits with its whole device list: what no rule allows is denied."""
    asked = limits.devices or ()
    begins_with_all = asked[:1] and asked[0].kind == "a"
    return replace(limits, devices=(*(() if begins_with_all else (_DENY_ALL,)), *asked, *ALWAYS))


def lines(rules: tuple[DeviceRule, ...]) -> list[tuple[str, str]]:
    """Give (file, line) pairs to write in order for v1."""
    return [("devices.allow" if rule.allow else "devices.deny", _line(rule)) for rule in rules]


def _line(rule: DeviceRule) -> str:
    if rule.kind == "a":
        return "a"
    numbers = ["*" if n is None else str(n) for n in (rule.major, rule.minor)]
    return f"{rule.kind} {numbers[0]}:{numbers[1]} {rule.access}"


# struct bpf_cgroup_dev_ctx: access_type (access << 16 | type), major, minor; all u32.
_TYPES = {"b": 1, "c": 2}
_ACCESS = {"m": 1, "r": 2, "w": 4}
_LDX_W, _ALU32_AND, _ALU32_RSH, _ALU32_MOV, _MOV_IMM = 0x61, 0x54, 0x74, 0xBC, 0xB7
_JNE_IMM, _EXIT, _JMP32_JNE_REG = 0x55, 0x95, 0x5E


def program(rules: tuple[DeviceRule, ...]) -> bytes:
    """Assemble an eBPF program of type CGROUP_DEVICE that gives 1 (allow) or 0; the last matching rule wins.

    A rule matches when the access asked for is within the rule's access.
    """
    code = [
        _instruction(_LDX_W, 2, 1, 0, 0),
        _instruction(_ALU32_MOV, 3, 2),
        _instruction(_ALU32_AND, 2, imm=0xFFFF),
        _instruction(_ALU32_RSH, 3, imm=16),
        _instruction(_LDX_W, 4, 1, 4, 0),
        _instruction(_LDX_W, 5, 1, 8, 0),
    ]
    for rule in reversed(rules):
        code += _block(rule)
        if rule.kind == "a":
            break  # It matches everything: what came before it in the list has no say.
    else:
        code += _result(False)
    return b"".join(code)


def _block(rule: DeviceRule) -> list[bytes]:
    """Give the tests of one rule, each jumping past the block when it fails."""
    access = sum(_ACCESS[letter] for letter in set(rule.access))
    tests: list[tuple[int, int, int, int]] = []  # (opcode, register, source register, immediate)
    prefix: list[bytes] = []
    if rule.kind in _TYPES:
        tests.append((_JNE_IMM, 2, 0, _TYPES[rule.kind]))
    if rule.kind != "a" and access != 7:
        prefix = [_instruction(_ALU32_MOV, 0, 3), _instruction(_ALU32_AND, 0, imm=access)]
        tests.append((_JMP32_JNE_REG, 0, 3, 0))
    if rule.kind != "a" and rule.major is not None:
        tests.append((_JNE_IMM, 4, 0, rule.major))
    if rule.kind != "a" and rule.minor is not None:
        tests.append((_JNE_IMM, 5, 0, rule.minor))
    result = _result(rule.allow)
    block = list(prefix)
    for index, (opcode, register, source, immediate) in enumerate(tests):
        distance = len(tests) - index - 1 + len(result)
        block.append(_instruction(opcode, register, source, distance, immediate))
    return block + result


def _result(allow: bool) -> list[bytes]:
    return [_instruction(_MOV_IMM, 0, imm=int(allow)), _instruction(_EXIT)]


def _instruction(opcode: int, dst: int = 0, src: int = 0, offset: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhi", opcode, dst | src << 4, offset, imm)
