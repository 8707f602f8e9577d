"""A container's first process on the real kernel: what it sees, how it ends, how it fails to start."""

from __future__ import annotations

import os
import re
import resource
import select
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import HOST, MOUNTS, Box, mount
from pydock.core.linux import prctl, tty
from pydock.core.runtime import cgroups
from pydock.core.runtime.launch import LaunchError, LaunchHooks
from pydock.core.runtime.plan import INIT


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def test_exit_code_output_and_errors_come_back(box: Box) -> None:
    result = box.sh("echo out; echo err >&2; exit 7")
    assert (result.code, result.out, result.err) == (7, "out\n", "err\n")


def test_a_signal_is_128_and_its_number(box: Box) -> None:
    spec = box.spec("sh", "-c", "sh -c 'kill -9 $$'; exit $?")
    assert box.run(spec).code == 137


def test_stdin_is_what_was_given(box: Box) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hello")
    os.close(writing)
    running = box.start(box.spec("cat"), stdin=reading)
    os.close(reading)
    assert running.finish().out == "hello"


def test_process_sees_only_its_own(box: Box) -> None:
    result = box.sh(
        "echo $$; hostname; ls /proc | grep -c '^[0-9]'; ls /sys/class/net; cat /proc/self/cgroup"
    )
    pid, name, processes, *rest = result.lines
    assert (pid, name) == ("1", "box")
    assert int(processes) <= 3
    assert rest[0] == "lo"
    assert all(line.endswith(":/") for line in rest[1:])


def test_descriptors_of_the_caller_stay_outside(box: Box) -> None:
    inherited = os.open("/etc/passwd", os.O_RDONLY)
    os.set_inheritable(inherited, True)
    try:
        assert box.sh("echo /proc/self/fd/*").out.split() == [f"/proc/self/fd/{n}" for n in (0, 1, 2, 3)]
    finally:
        os.close(inherited)


def test_capabilities_are_dockers(box: Box) -> None:
    status = dict(
        re.findall(r"^(Cap\w+|Seccomp|NoNewPrivs):\s+(\w+)", box.sh("cat /proc/self/status").out, re.M)
    )
    assert status == {
        "CapInh": "0000000000000000",
        "CapPrm": "00000000a80425fb",
        "CapEff": "00000000a80425fb",
        "CapBnd": "00000000a80425fb",
        "CapAmb": "0000000000000000",
        "NoNewPrivs": "0",
        "Seccomp": "2",
    }


def test_no_new_privileges(box: Box) -> None:
    result = box.sh("grep -E 'NoNewPrivs|Seccomp:' /proc/self/status", noNewPrivileges=True)
    assert result.out.split() == ["NoNewPrivs:", "1", "Seccomp:", "2"]


def test_ordinary_user_has_ids_groups_and_no_capabilities(box: Box) -> None:
    user = {"uid": 1000, "gid": 1001, "additionalGids": [1001, 2000], "umask": 0o27}
    result = box.sh(
        "id -u; id -g; id -G; umask; grep CapEff /proc/self/status; echo x > /dev/stderr", user=user
    )
    assert result.lines == ["1000", "1001", "1001 2000", "0027", "CapEff:\t0000000000000000"]
    assert result.err == "x\n"


def test_devices_are_dockers(box: Box) -> None:
    listing = box.sh("cd /dev; stat -c '%n %t:%T %a' full null random tty urandom zero; ls -l | grep -e '->'")
    assert listing.lines[:6] == [
        "full 1:7 666",
        "null 1:3 666",
        "random 1:8 666",
        "tty 5:0 666",
        "urandom 1:9 666",
        "zero 1:5 666",
    ]
    links = dict(line.split()[-3::2] for line in listing.lines[6:])
    assert links == {
        **({"core": "/proc/kcore"} if Path("/proc/kcore").exists() else {}),
        "fd": "/proc/self/fd",
        "ptmx": "pts/ptmx",
        "stdin": "/proc/self/fd/0",
        "stdout": "/proc/self/fd/1",
        "stderr": "/proc/self/fd/2",
    }


def test_added_device_can_be_opened_and_others_not(box: Box) -> None:
    spec = box.spec("sh", "-c", "head -c0 /dev/mine; mknod /dev/kmsg c 1 11 && head -c0 /dev/kmsg")
    spec["linux"]["devices"] = [
        {"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 0o640, "uid": 0, "gid": 0}
    ]
    result = box.run(spec)
    assert result.code != 0
    assert "/dev/kmsg: Operation not permitted" in result.err
    assert "mine" not in result.err


def test_rlimits_are_set_and_those_above_what_may_be_are_warnings(box: Box) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard + 1
    limits = [
        {"type": "RLIMIT_NOFILE", "soft": wanted, "hard": wanted},
        {"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
    ]
    result = box.sh("ulimit -n; ulimit -c", rlimits=limits)
    if "CAP_SYS_RESOURCE" in HOST.capabilities:
        assert result.lines == [str(wanted), "0"]
    else:
        assert result.lines == [str(hard), "0"]
        assert len(result.warnings) == 1
        assert "RLIMIT_NOFILE may not be raised" in result.warnings[0]


def test_oom_score_is_set(box: Box) -> None:
    assert box.sh("cat /proc/self/oom_score_adj", oomScoreAdj=500).out == "500\n"


def test_sysctl_of_the_containers_own_namespaces(box: Box) -> None:
    spec = box.spec("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/shmmni")
    spec["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "1234"}
    before = Path("/proc/sys/kernel/shmmni").read_text()
    assert box.run(spec).lines == ["1", "1234"]
    assert Path("/proc/sys/kernel/shmmni").read_text() == before


def test_working_directory_is_made(box: Box) -> None:
    result = box.sh("pwd; stat -c '%u %a' .", cwd="/srv/app")
    assert result.lines == ["/srv/app", "0 755"]


def test_readonly_root_leaves_the_mounts_writable(box: Box) -> None:
    spec = box.spec("sh", "-c", "touch /x || touch /dev/shm/x && echo ok")
    spec["root"]["readonly"] = True
    result = box.run(spec)
    assert "Read-only file system" in result.err
    assert result.out == "ok\n"


def test_program_has_the_terminal_of_its_own_devpts(box: Box) -> None:
    spec = box.spec("sh", "-c", "tty; stty size; ls -l /dev/console; echo x > /dev/tty; ps -o tty | tail -n1")
    spec["process"] |= {"terminal": True, "consoleSize": {"height": 31, "width": 97}}
    running = box.start(spec)
    text = ""
    while "136,0" not in text:
        assert select.select([running.launched.console], [], [], 20)[0], text
        try:
            text += os.read(running.launched.console, 4096).decode()
        except OSError:
            break
    assert text.split()[:3] == ["/dev/pts/0", "31", "97"]
    assert "136,   0" in text
    assert "x\r\n" in text
    assert tty.window_size(running.launched.console) == (31, 97)


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["nosuch"], 127, 'exec: "nosuch": executable file not found in $PATH: unknown'),
        (["/no/such"], 127, 'exec: "/no/such": stat /no/such: no such file or directory: unknown'),
        (["/etc"], 126, 'exec: "/etc": permission denied: unknown'),
        (["/etc/plain"], 126, 'exec: "/etc/plain": permission denied: unknown'),
        (["/etc/nonsense"], 126, "exec /etc/nonsense: exec format error: unknown"),
    ],
)
def test_command_that_cannot_run_fails_in_dockers_words_and_leaves_nothing(
    box: Box, args: list[str], code: int, message: str
) -> None:
    (box.root / "etc/plain").write_text("x")
    (box.root / "etc/nonsense").write_text("x")
    (box.root / "etc/nonsense").chmod(0o755)
    spec = box.spec(*args)
    with pytest.raises(LaunchError) as failed:
        box.start(spec)
    assert (failed.value.exit_code, str(failed.value)) == (code, message)
    assert not Path(f"/sys/fs/cgroup/pids/pydock/{box.name}").exists()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_mount_that_cannot_be_made_is_named(box: Box) -> None:
    spec = box.spec("true", mounts=[mount("/data", "bind", "rbind", source="/no/such/source")])
    with pytest.raises(LaunchError, match=r'error mounting "/no/such/source" to rootfs at "/data": no such'):
        box.start(spec)


def test_path_is_the_containers_own(box: Box) -> None:
    (box.root / "opt").mkdir()
    (box.root / "opt/tool").write_text("#!/bin/sh\necho found\n")
    (box.root / "opt/tool").chmod(0o755)
    assert box.run(box.spec("tool", env=["PATH=/nowhere:/opt:/bin"])).out == "found\n"


def test_hooks_run_outside_then_inside_before_the_program(box: Box) -> None:
    reading, writing = os.pipe()
    seen: list[str] = []

    def network(pid: int) -> None:
        seen.append(os.readlink(f"/proc/{pid}/ns/net"))

    def configure() -> None:
        assert not prctl.dumpable()
        assert os.listdir("/sys/fs/cgroup/pids")

    running = box.start(box.spec("true"), hooks=LaunchHooks(network, configure))
    os.close(reading)
    os.close(writing)
    assert running.finish().code == 0
    assert seen[0] != os.readlink("/proc/self/ns/net")


def test_failing_hook_fails_the_launch(box: Box) -> None:
    def network(_pid: int) -> None:
        raise OSError(17, "File exists", "pdk0")

    with pytest.raises(LaunchError, match="pdk0: file exists"):
        box.start(box.spec("true"), hooks=LaunchHooks(network))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_init_forwards_signals_reaps_orphans_and_gives_the_exit_code(box: Box) -> None:
    script = "(sleep 0.01 &); trap 'ps; exit 7' TERM; echo ready; while :; do sleep 0.1; done"
    spec = box.spec("sh", "-c", script)
    spec["annotations"] = {INIT: "true"}
    running = box.start(spec)
    running.read_until("ready")
    os.kill(running.launched.pid, 15)
    result = running.finish()
    assert result.code == 7
    assert re.search(r"^ +1 +\S+ +/sbin/docker-init -- sh", result.out, re.M)
    assert " Z " not in result.out


def test_namespaces_of_another_container_are_joined(box: Box) -> None:
    first = box.start(box.spec("sleep", "1000"))
    spec = box.spec("sh", "-c", "for n in net ipc; do readlink /proc/self/ns/$n; done; ps")
    spec["linux"]["cgroupsPath"] += "-second"
    spec.pop("hostname")
    pid = first.launched.pid
    for entry in spec["linux"]["namespaces"]:
        if entry["type"] in ("network", "ipc", "pid", "uts"):
            name = {"network": "net"}.get(entry["type"], entry["type"])
            entry["path"] = f"/proc/{pid}/ns/{name}"
    result = box.run(spec)
    assert result.lines[:2] == [os.readlink(f"/proc/{pid}/ns/{name}") for name in ("net", "ipc")]
    assert "sleep 1000" in result.out
    assert "sleep 1000" not in box.sh("ps").out


def test_host_namespaces_where_the_spec_has_none(box: Box) -> None:
    spec = box.spec("sh", "-c", "for n in net pid; do readlink /proc/self/ns/$n; done")
    spec.pop("hostname")
    spec["linux"]["namespaces"] = [{"type": "mount"}, {"type": "ipc"}]
    assert box.run(spec).lines == [os.readlink(f"/proc/self/ns/{name}") for name in ("net", "pid")]


def test_root_may_be_a_plain_directory(box: Box) -> None:
    assert box.run(box.spec("touch", "/made"), box.copy()).code == 0
    assert stat.S_ISREG((box.root / "made").stat().st_mode)


def test_nothing_of_a_container_shows_in_the_hosts_mounts(box: Box) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    running = box.start(box.spec("sleep", "1000"))
    assert Path("/proc/self/mountinfo").read_text() == before
    assert cgroups.pids(running.plan.cgroup)


def test_spec_without_mounts_still_runs(box: Box) -> None:
    spec = box.spec("echo", "bare")
    spec["mounts"] = [entry for entry in MOUNTS if entry["destination"] == "/proc"]
    assert box.run(spec).out == "bare\n"
