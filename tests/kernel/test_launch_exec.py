"""Further processes in a running container on the real kernel (`join`)."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import HOST, Box, Running
from pydock.core.linux import pidfd
from pydock.core.runtime import cgroups, plan
from pydock.core.runtime.join import Target, join
from pydock.core.runtime.launch import LaunchError, Stdio


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


@pytest.fixture
def running(box: Box) -> Running:
    return box.start(box.spec("sleep", "1000"))


def test_it_is_in_all_the_containers_namespaces_and_cgroups(running: Running) -> None:
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
    result = running.exec(
        "sh", "-c", f"hostname; for n in {' '.join(kinds)}; do readlink /proc/self/ns/$n; done"
    )
    pid = running.launched.pid
    assert result.lines[0] == "box"
    assert result.lines[1:] == [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds]
    assert set(running.exec("grep", "-c", ":/$", "/proc/self/cgroup").lines) == {
        str(len(running.plan.cgroup.directories))
    }


def test_exit_code_output_and_errors_come_back(running: Running) -> None:
    result = running.exec("sh", "-c", "echo out; echo err >&2; exit 9")
    assert (result.code, result.out, result.err) == (9, "out\n", "err\n")


def test_it_has_the_containers_limits(running: Running) -> None:
    result = running.exec("grep", "-E", "CapBnd|CapEff|CapInh|Seccomp:", "/proc/self/status")
    assert result.out.split()[1::2] == ["0000000000000000", "00000000a80425fb", "00000000a80425fb", "2"]


def test_user_and_directory_are_its_own(running: Running) -> None:
    user = {"uid": 1000, "gid": 1000, "additionalGids": []}
    result = running.exec("sh", "-c", "id -u; pwd; grep CapEff /proc/self/status", user=user, cwd="/tmp")
    assert result.lines == ["1000", "/tmp", "CapEff:\t0000000000000000"]


def test_it_has_no_descriptor_but_its_own(running: Running) -> None:
    assert running.exec("sh", "-c", "echo /proc/self/fd/*").out.split() == [
        f"/proc/self/fd/{n}" for n in (0, 1, 2, 3)
    ]


def test_terminal_is_of_the_containers_devpts(running: Running) -> None:
    process = {"args": ["sh", "-c", "tty; stty size"], "terminal": True}
    process["consoleSize"] = {"height": 20, "width": 50}  # type: ignore[assignment]  # a JSON document
    launched = join(
        plan.exec_plan(running.spec, process, HOST),
        Target(running.launched.pid, running.launched.pidfd),
        Stdio(),
    )
    try:
        assert pidfd.wait(launched.pidfd) == 0
        assert select.select([launched.console], [], [], 10)[0]
        assert os.read(launched.console, 4096).split() == [b"/dev/pts/0", b"20", b"50"]
    finally:
        os.close(launched.console)
        os.close(launched.pidfd)


@pytest.mark.parametrize(
    ("args", "cwd", "code", "message"),
    [
        (["nosuch"], "/", 127, 'exec: "nosuch": executable file not found in $PATH: unknown'),
        (["/etc"], "/", 126, 'exec: "/etc": permission denied: unknown'),
        (
            ["true"],
            "/nosuch",
            127,
            'unable to start container process: chdir to cwd ("/nosuch") set in config.json failed: '
            "no such file or directory: unknown",
        ),
    ],
)
def test_failures_are_in_dockers_words(
    running: Running, args: list[str], cwd: str, code: int, message: str
) -> None:
    with pytest.raises(LaunchError) as failed:
        running.exec(*args, cwd=cwd)
    assert (failed.value.exit_code, str(failed.value)) == (code, message)


def test_container_that_is_gone_is_an_error(box: Box) -> None:
    running = box.start(box.spec("sleep", "1000"))
    cgroups.kill(running.plan.cgroup)
    select.select([running.launched.pidfd], [], [], 10)
    with pytest.raises(LaunchError) as failed:
        running.exec("true")
    assert failed.value.exit_code == 128


def test_callers_own_children_are_born_in_its_own_namespace_afterwards(running: Running) -> None:
    running.exec("true")
    own = os.readlink("/proc/self/ns/pid")
    assert os.readlink("/proc/self/ns/pid_for_children") == own


def test_it_ends_with_the_container(running: Running) -> None:
    process = {"args": ["sleep", "1000"]}
    launched = join(
        plan.exec_plan(running.spec, process, HOST),
        Target(running.launched.pid, running.launched.pidfd),
        Stdio(),
    )
    pidfd.send_signal(running.launched.pidfd, 9)
    try:
        assert pidfd.wait(launched.pidfd) == 137
    finally:
        os.close(launched.pidfd)
