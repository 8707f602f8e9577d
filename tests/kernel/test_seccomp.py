"""The default filter on the real kernel: what a container may not call, and what it may."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import HOST, Box
from pydock.core.linux import prctl
from pydock.core.linux import seccomp as kernel
from pydock.core.runtime import seccomp
from pydock.core.runtime.capabilities import DEFAULT
from pydock.core.runtime.seccomp.numbers import OF_MACHINE, architecture

pytestmark = pytest.mark.skipif(HOST.arch not in OF_MACHINE, reason="no system call table for this machine")
NEWUSER, NEWNS, SIGCHLD = 0x10000000, 0x20000, 17


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def error_of(call: str | int, *arguments: int, capabilities: tuple[str, ...] = DEFAULT) -> int:
    """Make a system call under the default filter in a child, and give its error number (0: none)."""
    table = architecture(OF_MACHINE[HOST.arch][0])
    assert table is not None
    number = call if isinstance(call, int) else table.numbers[call]
    program, _ = seccomp.compiled(seccomp.default(capabilities, HOST.arch, HOST.kernel), HOST.arch)
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        prctl.set_no_new_privs()
        kernel.install(program)
        padded = [ctypes.c_long(a) for a in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
        result = libc.syscall(ctypes.c_long(number), *padded)
        os._exit(ctypes.get_errno() if result < 0 else 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(
    "call",
    "unshare setns mount umount2 pivot_root reboot init_module kexec_load keyctl add_key bpf perf_event_open "
    "io_uring_setup userfaultfd open_by_handle_at swapon acct iopl move_pages fsopen move_mount "
    "open_tree".split(),
)
def test_refused(call: str) -> None:
    assert error_of(call) == errno.EPERM


def test_clone3_is_unknown_so_that_clone_is_tried() -> None:
    assert error_of("clone3") == errno.ENOSYS


def test_calls_of_tomorrow_are_unknown_not_forbidden() -> None:
    assert error_of(4000) == errno.ENOSYS


def test_clone_with_a_namespace_is_refused_and_without_one_not() -> None:
    assert error_of("clone", NEWUSER | SIGCHLD) == errno.EPERM
    assert error_of("clone", NEWNS | SIGCHLD) == errno.EPERM
    assert error_of("clone", SIGCHLD) == 0


def test_vsock_is_refused_and_other_sockets_not() -> None:
    assert error_of("socket", 40, 1, 0) == errno.EPERM
    assert error_of("socket", 2, 1, 0) == 0
    assert error_of("socket", 1, 1, 0) == 0


def test_personality_is_limited() -> None:
    assert error_of("personality", 0xFFFFFFFF) == 0
    assert error_of("personality", 0x0040000) == errno.EPERM


def test_capability_opens_its_calls() -> None:
    assert error_of("unshare", NEWNS, capabilities=("CAP_SYS_ADMIN",)) == 0
    assert error_of("clone", NEWNS | SIGCHLD, capabilities=("CAP_SYS_ADMIN",)) == 0


def test_new_user_namespace_gains_nothing(box: Box) -> None:
    """CVE-2022-0492: a user namespace would give CAP_SYS_ADMIN over a fresh cgroup mount."""
    result = box.sh("unshare -U true; unshare -m true; mount -t tmpfs x /tmp")
    assert result.err.count("Operation not permitted") + result.err.count("permission denied") == 3


def test_filter_that_denies_by_list(box: Box) -> None:
    spec = box.spec("sh", "-c", "mkdir /tmp/x; ls /")
    spec["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": errno.EMLINK}],
    }
    result = box.run(spec)
    assert "Too many links" in result.err
    assert result.code == 0


def test_killing_filter_ends_the_process(box: Box) -> None:
    spec = box.spec("sh", "-c", "mkdir /tmp/x; echo code $?")
    spec["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}],
    }
    assert "code 159" in box.run(spec).out
