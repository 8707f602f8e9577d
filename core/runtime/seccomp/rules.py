"""OCI's `linux.seccomp` as typed records: what is returned for which call with which arguments; pure.

Of the rules of one call the first whose arguments match wins, one without arguments last; then the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import Invalid, Unsupported

ALLOW, LOG, KILL_PROCESS = 0x7FFF0000, 0x7FFC0000, 0x80000000
_ERRNO, _TRAP, _TRACE, _KILL_THREAD = 0x00050000, 0x00030000, 0x7FF00000, 0x00000000
_EPERM = 1

_ACTIONS = {
    "SCMP_ACT_ALLOW": ALLOW,
    "SCMP_ACT_LOG": LOG,
    "SCMP_ACT_KILL": _KILL_THREAD,
    "SCMP_ACT_KILL_THREAD": _KILL_THREAD,
    "SCMP_ACT_KILL_PROCESS": KILL_PROCESS,
    "SCMP_ACT_TRAP": _TRAP,
    "SCMP_ACT_ERRNO": _ERRNO,
    "SCMP_ACT_TRACE": _TRACE,
}

OPERATORS = frozenset(f"SCMP_CMP_{name}" for name in ("NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"))

_FLAGS = {
    "SECCOMP_FILTER_FLAG_LOG": 2,
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4,
    "SECCOMP_FILTER_FLAG_TSYNC": 0,  # The process has one thread.
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of argument `index`; for MASKED_EQ (argument & value) == other."""

    index: int
    operator: str
    value: int
    other: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Return `action` (SECCOMP_RET_* with its data) when all conditions hold."""

    conditions: tuple[Condition, ...]
    action: int


@dataclass(frozen=True, slots=True)
class Profile:
    """`calls` maps a call's name to its rules in the order in which they are tried."""

    default: int
    architectures: tuple[str, ...]
    flags: int
    calls: dict[str, tuple[Rule, ...]] = field(default_factory=dict)


def parse(entry: Mapping[str, Any]) -> Profile:
    """Read OCI's seccomp object. Raises Invalid, or Unsupported for SCMP_ACT_NOTIFY."""
    calls: dict[str, list[Rule]] = {}
    for syscall in entry.get("syscalls") or ():
        action = _action(str(syscall.get("action", "")), syscall.get("errnoRet"))
        rule = Rule(tuple(map(_condition, syscall.get("args") or ())), action)
        for name in syscall.get("names") or ():
            calls.setdefault(str(name), []).append(rule)
    return Profile(
        default=_action(str(entry.get("defaultAction", "")), entry.get("defaultErrnoRet")),
        architectures=tuple(map(str, entry.get("architectures") or ())),
        flags=sum(_flag(str(name)) for name in set(entry.get("flags") or ())),
        calls={name: _ordered(rules) for name, rules in calls.items()},
    )


def _ordered(rules: list[Rule]) -> tuple[Rule, ...]:
    """Put the first rule without conditions last and drop what comes after it."""
    conditional = [rule for rule in rules if rule.conditions]
    return (*conditional, *[rule for rule in rules if not rule.conditions][:1])


def _action(name: str, errno: Any) -> int:
    if name == "SCMP_ACT_NOTIFY":
        raise Unsupported("seccomp: SCMP_ACT_NOTIFY is not built yet")
    if name not in _ACTIONS:
        raise Invalid(f"seccomp: unknown action: {name}")
    action = _ACTIONS[name]
    if action in (_ERRNO, _TRACE):
        number = _EPERM if errno is None else int(errno)
        if not 0 <= number <= 0xFFFF:
            raise Invalid(f"seccomp: errnoRet is out of range: {number}")
        return action | number
    return action


def _condition(entry: Mapping[str, Any]) -> Condition:
    index, operator = int(entry.get("index", 0)), str(entry.get("op", ""))
    if operator not in OPERATORS:
        raise Invalid(f"seccomp: unknown operator: {operator}")
    if not 0 <= index <= 5:
        raise Invalid(f"seccomp: there is no argument {index}")
    values = [int(entry.get(key) or 0) & 0xFFFFFFFFFFFFFFFF for key in ("value", "valueTwo")]
    return Condition(index, operator, values[0], values[1])


def _flag(name: str) -> int:
    if name not in _FLAGS:
        raise Invalid(f"seccomp: unknown flag: {name}")
    return _FLAGS[name]


def is_errno(action: int) -> bool:
    """Tell whether an action is SECCOMP_RET_ERRNO."""
    return action & 0xFFFF0000 == _ERRNO


def errno(number: int) -> int:
    """Give the action that makes a call fail with an error number."""
    return _ERRNO | number
