"""Docker's default profile for given capabilities, and files in Docker's format."""

from __future__ import annotations

from typing import Any

import pytest

from pydock.core.errors import Invalid, Unsupported
from pydock.core.runtime.capabilities import DEFAULT
from pydock.core.runtime.seccomp import compiled, docker, resolve
from pydock.core.runtime.seccomp.numbers import OF_MACHINE, architecture
from pydock.core.runtime.seccomp.profile import default
from pydock.core.runtime.seccomp.rules import parse


def allowed(
    capabilities: tuple[str, ...], machine: str = "x86_64", kernel: tuple[int, int] = (6, 1)
) -> set[str]:
    return set(default(capabilities, machine, kernel)["syscalls"][0]["names"])


@pytest.mark.parametrize(("capability", "calls"), docker.BY_CAPABILITY.items())
def test_capability_opens_its_calls_and_nothing_else_does(capability: str, calls: str) -> None:
    opened = allowed((capability,)) - allowed(())
    assert opened == set(calls.split()) - set(docker.TRACING.split())


def test_no_ring_no_namespaces_no_keys_by_default() -> None:
    names = allowed(DEFAULT)
    assert not names & {
        "io_uring_setup",
        "unshare",
        "mount",
        "setns",
        "keyctl",
        "add_key",
        "userfaultfd",
        "bpf",
    }
    assert not names & {"clone", "clone3", "socket", "personality"}


def test_tracing_needs_a_kernel_that_closes_the_way_around() -> None:
    assert "ptrace" not in allowed((), kernel=(4, 4))
    assert "ptrace" in allowed((), kernel=(4, 8))
    assert "ptrace" in allowed(("CAP_SYS_PTRACE",), kernel=(4, 4))


def test_every_name_is_a_call_of_some_architecture() -> None:
    known = {name for machine in OF_MACHINE.values() for n in machine for name in architecture(n).numbers}  # type: ignore[union-attr]  # every name of OF_MACHINE has a table
    other = {
        "send",
        "recv",
        "uretprobe",
        "arm_fadvise64_64",
        "arm_sync_file_range",
        "breakpoint",
        "cacheflush",
    }
    assert {name for name in allowed(DEFAULT) if name not in known} <= other


def test_equal_profiles_are_compiled_once() -> None:
    first, second = (compiled(default(DEFAULT), "x86_64") for _ in range(2))
    assert first is second


def test_machine_without_a_table_says_what_to_do() -> None:
    with pytest.raises(Unsupported, match="seccomp=unconfined"):
        compiled(default(DEFAULT), "sparc64")


DOCUMENT: dict[str, Any] = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "archMap": [
        {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
        {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
    ],
    "syscalls": [
        {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {}},
        {"name": "write", "action": "SCMP_ACT_ALLOW"},
        {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
        {"names": ["sync"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
        {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
    ],
}


def test_file_of_dockers_is_resolved_for_a_container() -> None:
    found = resolve(DOCUMENT, ("CAP_SYS_ADMIN",), "x86_64", (6, 1))
    names = [name for rule in found["syscalls"] for name in rule["names"]]
    assert names == ["read", "write", "mount", "arch_prctl", "ptrace"]
    assert found["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    parse(found)


def test_the_same_file_elsewhere() -> None:
    found = resolve(DOCUMENT, (), "aarch64", (4, 4))
    names = [name for rule in found["syscalls"] for name in rule["names"]]
    assert names == ["read", "write", "clone", "sync"]
    assert found["architectures"] == ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"defaultAction": "SCMP_ACT_WHAT"}, "unknown action"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]}, "unknown flag"),
        ({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 70000}, "out of range"),
        (
            {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [
                    {
                        "names": ["read"],
                        "action": "SCMP_ACT_KILL",
                        "args": [{"index": 6, "op": "SCMP_CMP_EQ"}],
                    }
                ],
            },
            "there is no argument 6",
        ),
        (
            {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [
                    {"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 1, "op": "EQ"}]}
                ],
            },
            "unknown operator",
        ),
    ],
)
def test_nonsense_is_named(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse(entry)


def test_notify_is_not_built() -> None:
    with pytest.raises(Unsupported):
        parse({"defaultAction": "SCMP_ACT_NOTIFY"})
