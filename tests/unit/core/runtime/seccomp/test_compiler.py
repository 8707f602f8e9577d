"""Compiled filters against a naive evaluation of the same rules, over calls, architectures and arguments."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.core.errors import Invalid
from pydock.core.runtime.capabilities import DEFAULT
from pydock.core.runtime.seccomp import default
from pydock.core.runtime.seccomp.compiler import compile_profile
from pydock.core.runtime.seccomp.numbers import OF_MACHINE, Architecture, architecture
from pydock.core.runtime.seccomp.rules import (
    ALLOW,
    KILL_PROCESS,
    OPERATORS,
    Condition,
    Profile,
    Rule,
    errno,
    parse,
)

NATIVE = OF_MACHINE["x86_64"]
EPERM, ENOSYS = errno(1), errno(38)
Arguments = tuple[int, int, int, int, int, int]
NONE: Arguments = (0, 0, 0, 0, 0, 0)


def run(program: bytes, audit: int, number: int, arguments: Arguments = NONE) -> int:
    """Interpret classic BPF over struct seccomp_data, as the kernel does."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments)
    code = list(struct.iter_unpack("<HBBI", program))
    accumulator = at = 0
    while True:
        opcode, jt, jf, k = code[at]
        at += 1
        match opcode:
            case 0x20:
                accumulator = int.from_bytes(data[k : k + 4], "little")
            case 0x06:
                return int(k)
            case 0x05:
                at += k
            case 0x54:
                accumulator &= k
            case 0x15:
                at += jt if accumulator == k else jf
            case 0x25:
                at += jt if accumulator > k else jf
            case 0x35:
                at += jt if accumulator >= k else jf
            case _:
                raise AssertionError(f"opcode {opcode:#x}")


def holds(condition: Condition, arguments: Arguments) -> bool:
    argument = arguments[condition.index]
    match condition.operator.removeprefix("SCMP_CMP_"):
        case "EQ":
            return argument == condition.value
        case "NE":
            return argument != condition.value
        case "LT":
            return argument < condition.value
        case "LE":
            return argument <= condition.value
        case "GT":
            return argument > condition.value
        case "GE":
            return argument >= condition.value
        case _:
            return argument & condition.value == condition.other


def expected(profile: Profile, table: Architecture, number: int, arguments: Arguments) -> int:
    """Say what the rules say, by the plainest reading of them."""
    names = [name for name, n in table.numbers.items() if n == number]
    known = [table.numbers[name] for name in profile.calls if name in table.numbers]
    rules = [rule for name in names for rule in profile.calls.get(name, ())]
    for rule in rules:
        if all(holds(condition, arguments) for condition in rule.conditions):
            return rule.action
    if known and number > max(known) and profile.default & 0xFFFF0000 == 0x00050000:
        return ENOSYS
    return profile.default


def tables() -> list[Architecture]:
    return [table for name in NATIVE if (table := architecture(name)) is not None]


INTERESTING = [0, 1, 8, 16, 40, 0x20000, 0x20008, 0x7E020000, 0x10000000, 0xFFFFFFFF, 1 << 32, 2**64 - 1]


def test_default_profile_agrees_with_a_plain_reading() -> None:
    profile = parse(default(DEFAULT))
    program = compile_profile(profile, NATIVE)
    chance = random.Random(7)
    for table in tables():
        base = min(table.numbers.values())
        for number in (*range(base, base + 560), *range(base + 600, base + 5000, 97)):
            for _ in range(4):
                arguments = tuple(chance.choice(INTERESTING) for _ in range(6))
                assert len(arguments) == 6
                found = run(program, table.audit, number, arguments)
                assert found == expected(profile, table, number, arguments), (table.name, number, arguments)


VALUES = st.one_of(st.sampled_from(INTERESTING), st.integers(0, 2**64 - 1))
CONDITIONS = st.builds(Condition, st.integers(0, 5), st.sampled_from(sorted(OPERATORS)), VALUES, VALUES)
RULES = st.builds(
    Rule, st.lists(CONDITIONS, max_size=3).map(tuple), st.sampled_from([ALLOW, EPERM, KILL_PROCESS])
)
ARGUMENTS = st.tuples(VALUES, VALUES, VALUES, VALUES, VALUES, VALUES)


@given(
    calls=st.dictionaries(
        st.sampled_from(["read", "clone", "socket", "openat", "mseal"]), st.lists(RULES, min_size=1)
    ),
    arguments=ARGUMENTS,
    fallback=st.sampled_from([ALLOW, EPERM, KILL_PROCESS]),
)
@settings(max_examples=150, deadline=None)
def test_any_rules_agree_with_a_plain_reading(
    calls: dict[str, list[Rule]], arguments: Arguments, fallback: int
) -> None:
    ordered = {
        name: (*[r for r in rules if r.conditions], *[r for r in rules if not r.conditions][:1])
        for name, rules in calls.items()
    }
    profile = Profile(fallback, NATIVE, 0, ordered)
    program = compile_profile(profile, NATIVE)
    for table in tables():
        for name in ("read", "clone", "socket", "openat", "mseal", "write"):
            number = table.numbers[name]
            # The values that are compared are the arguments worth trying.
            for condition in [c for rule in ordered.get(name, ()) for c in rule.conditions] or [None]:
                tried = list(arguments)
                if condition is not None:
                    tried[condition.index] = condition.value
                whole = (tried[0], tried[1], tried[2], tried[3], tried[4], tried[5])
                assert run(program, table.audit, number, whole) == expected(profile, table, number, whole)


def test_other_architectures_are_killed() -> None:
    program = compile_profile(parse(default(DEFAULT)), ("SCMP_ARCH_X86_64",))
    assert run(program, 0xC000003E, 0) == ALLOW
    assert run(program, 0x40000003, 3) == KILL_PROCESS
    assert run(program, 0xC00000B7, 63) == KILL_PROCESS


def test_x32_is_judged_by_its_own_table_or_by_the_default() -> None:
    rules = {"rt_sigaction": (Rule((), ALLOW),)}
    with_x32 = compile_profile(Profile(KILL_PROCESS, NATIVE, 0, rules), NATIVE)
    assert run(with_x32, 0xC000003E, 13) == ALLOW
    assert run(with_x32, 0xC000003E, 0x40000000 + 512) == ALLOW
    assert run(with_x32, 0xC000003E, 0x40000000 + 13) == KILL_PROCESS
    without = compile_profile(Profile(KILL_PROCESS, NATIVE[:1], 0, rules), NATIVE)
    assert run(without, 0xC000003E, 0x40000000 + 512) == KILL_PROCESS


def test_aarch64_has_its_own_numbers() -> None:
    program = compile_profile(parse(default(DEFAULT, "aarch64")), OF_MACHINE["aarch64"])
    assert run(program, 0xC00000B7, 63) == ALLOW  # read
    assert run(program, 0xC00000B7, 97) == EPERM  # unshare
    assert run(program, 0xC00000B7, 435) == ENOSYS  # clone3
    assert run(program, 0xC00000B7, 220, (17, 0, 0, 0, 0, 0)) == ALLOW  # clone


def test_default_filter_is_short() -> None:
    """It is walked at every system call: ten tests at most for a number, and a few hundred in all."""
    program = compile_profile(parse(default(DEFAULT)), NATIVE)
    assert len(program) // 8 < 800


def test_profile_that_the_kernel_could_not_hold_is_refused() -> None:
    condition = tuple(Condition(n, "SCMP_CMP_MASKED_EQ", 1, 1) for n in range(6))
    rules = tuple(Rule(condition, ALLOW) for _ in range(200))
    with pytest.raises(Invalid, match="too long"):
        compile_profile(Profile(EPERM, NATIVE, 0, {"read": rules}), NATIVE)
