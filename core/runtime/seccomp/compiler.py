"""From a profile to classic BPF: a binary search tree over call numbers for each architecture; pure.

    arch? ─► tree of x86_64 ─► (number ≥ boundary?) … ─► leaf: return, or tests of arguments, then return
         └─► tree of i386 …
         └─► none of them: kill

Numbers between two boundaries have one decision. seccomp(2), linux/filter.h, linux/seccomp.h.
"""

from __future__ import annotations

import errno as codes
import struct
from collections.abc import Sequence

from ...errors import Invalid
from .numbers import Architecture, architecture
from .rules import KILL_PROCESS, Condition, Profile, Rule, errno, is_errno

#: (code, jt, jf, k) of struct sock_filter. A jump of `_FAIL` leads behind the rule that it is part of.
Instruction = tuple[int, int, int, int]
#: What is decided for a number: rules in order; the last has no conditions.
Decision = tuple[Rule, ...]

_LD, _RET, _JA, _AND = 0x20, 0x06, 0x05, 0x54
_JEQ, _JGT, _JGE = 0x15, 0x25, 0x35
_NR, _ARCH, _ARGS = 0, 4, 16
_FAIL = -1
_LIMIT = 4096


def compile_profile(profile: Profile, native: Sequence[str]) -> bytes:
    """Give the filter for the profile's architectures, or for `native` ones when it names none.

    Architectures that aren't in our tables are left out, so their calls are killed. Raises Invalid when the
    program is too long for the kernel.
    """
    names = [name for name in profile.architectures or native if name in native] or list(native)
    tables = [table for name in names if (table := architecture(name)) is not None]
    code: list[Instruction] = [(_LD, 0, 0, _ARCH)]
    for audit in dict.fromkeys(table.audit for table in tables):
        group = [table for table in tables if table.audit == audit]
        tree = [(_LD, 0, 0, _NR), *_tree(_intervals(profile, group))]
        code += [(_JEQ, 1, 0, audit), (_JA, 0, 0, len(tree)), *tree]
    code.append((_RET, 0, 0, KILL_PROCESS))
    if len(code) > _LIMIT:
        raise Invalid(f"seccomp: profile is too long for the kernel: {len(code)} instructions")
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _intervals(profile: Profile, tables: list[Architecture]) -> list[tuple[int, Decision]]:
    """Give (first number, decision) in order, from 0 on, neighbours with one decision merged."""
    points: dict[int, Decision] = {}
    unknown: Decision = (Rule((), profile.default),)
    for table in sorted(tables, key=lambda table: min(table.numbers.values())):
        start = 0 if not points else min(table.numbers.values())
        points[start] = unknown
        decided = {n: _decision(profile, name) for name, n in table.numbers.items()}
        listed = [table.numbers[name] for name in profile.calls if name in table.numbers]
        for number in sorted(decided):
            points[number] = decided[number]
            points.setdefault(number + 1, unknown)
        if listed:
            _answer_newer(points, profile, max(listed))
    merged: list[tuple[int, Decision]] = []
    for number, decision in sorted(points.items()):
        if not merged or merged[-1][1] != decision:
            merged.append((number, decision))
    return merged


def _decision(profile: Profile, name: str) -> Decision:
    rules = profile.calls.get(name, ())
    if rules and not rules[-1].conditions:
        return rules
    return (*rules, Rule((), profile.default))


def _answer_newer(points: dict[int, Decision], profile: Profile, newest: int) -> None:
    """Let calls that are newer than all the profile knows fail with ENOSYS, not with its default errno.

    Programs try a new call and fall back on ENOSYS alone; runc does the same.
    """
    if not is_errno(profile.default):
        return
    unknown = (Rule((), errno(codes.ENOSYS)),)
    for number in [number for number in points if number > newest]:
        if points[number] == (Rule((), profile.default),):
            points[number] = unknown
    points[newest + 1] = unknown


def _tree(intervals: list[tuple[int, Decision]]) -> list[Instruction]:
    if len(intervals) == 1:
        return _leaf(intervals[0][1])
    middle = len(intervals) // 2
    left, right = _tree(intervals[:middle]), _tree(intervals[middle:])
    boundary = intervals[middle][0]
    if len(left) < 256:
        return [(_JGE, len(left), 0, boundary), *left, *right]
    return [(_JGE, 0, 1, boundary), (_JA, 0, 0, len(left)), *left, *right]


def _leaf(decision: Decision) -> list[Instruction]:
    code: list[Instruction] = []
    for rule in decision:
        block = [instruction for c in rule.conditions for instruction in _test(c)]
        block.append((_RET, 0, 0, rule.action))
        code += [_resolved(instruction, len(block) - n - 1) for n, instruction in enumerate(block)]
    return code


def _resolved(instruction: Instruction, behind: int) -> Instruction:
    code, jt, jf, k = instruction
    if code not in (_JEQ, _JGT, _JGE):
        return instruction
    return code, behind if jt == _FAIL else jt, behind if jf == _FAIL else jf, k


def _test(condition: Condition) -> list[Instruction]:
    """Give code that falls through when the condition holds and jumps to `_FAIL` when not.

    Arguments are 64 bits wide and read in two halves: seccomp_data is little endian on our machines.
    """
    low, high = _ARGS + 8 * condition.index, _ARGS + 8 * condition.index + 4
    lv, hv = condition.value & 0xFFFFFFFF, condition.value >> 32
    match condition.operator:
        case "SCMP_CMP_EQ":
            return [(_LD, 0, 0, high), (_JEQ, 0, _FAIL, hv), (_LD, 0, 0, low), (_JEQ, 0, _FAIL, lv)]
        case "SCMP_CMP_NE":
            return [(_LD, 0, 0, high), (_JEQ, 0, 2, hv), (_LD, 0, 0, low), (_JEQ, _FAIL, 0, lv)]
        case "SCMP_CMP_MASKED_EQ":
            lo, ho = condition.other & 0xFFFFFFFF, condition.other >> 32
            upper = [(_LD, 0, 0, high), (_AND, 0, 0, hv), (_JEQ, 0, _FAIL, ho)]
            return [*upper, (_LD, 0, 0, low), (_AND, 0, 0, lv), (_JEQ, 0, _FAIL, lo)]
        case "SCMP_CMP_GT" | "SCMP_CMP_GE":
            compare = _JGT if condition.operator == "SCMP_CMP_GT" else _JGE
            upper = [(_LD, 0, 0, high), (_JGT, 3, 0, hv), (_JEQ, 0, _FAIL, hv)]
            return [*upper, (_LD, 0, 0, low), (compare, 0, _FAIL, lv)]
        case _:
            compare = _JGE if condition.operator == "SCMP_CMP_LT" else _JGT
            upper = [(_LD, 0, 0, high), (_JGT, _FAIL, 0, hv), (_JEQ, 0, 2, hv)]
            return [*upper, (_LD, 0, 0, low), (compare, _FAIL, 0, lv)]
