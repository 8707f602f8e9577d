"""Cgroups on the real kernel: limits hold, the frozen stand still, the killed are gone, nothing stays."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import HOST, Box
from pydock.core.runtime import cgroups
from pydock.core.runtime.cgroups import Resources, facade
from pydock.core.runtime.cgroups.records import Group

pytestmark = pytest.mark.skipif(HOST.cgroup_version == 0, reason="no cgroups here")
MIB = 1 << 20


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def directories(group: Group) -> list[str]:
    return [path for _, path in group.directories if os.path.exists(path)]


def test_limits_are_in_force(box: Box) -> None:
    spec = box.spec("sleep", "1000")
    spec["linux"]["resources"] = {
        "memory": {"limit": 64 * MIB, "swap": 64 * MIB, "reservation": 32 * MIB},
        "cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0"},
        "pids": {"limit": 20},
    }
    running = box.start(spec)
    usage = cgroups.stats(running.plan.cgroup)
    assert (usage.memory_limit, usage.pids_limit, usage.pids) == (64 * MIB, 20, 1)
    assert 0 < usage.memory < 64 * MIB
    assert usage.cpu_total > 0
    assert running.launched.warnings == ()
    assert os.sched_getaffinity(running.launched.pid) == {0}


def test_more_processes_than_the_limit_are_refused(box: Box) -> None:
    spec = box.spec("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait")
    spec["linux"]["resources"] = {"pids": {"limit": 4}}
    assert "can't fork" in box.run(spec).err


def test_too_much_memory_is_a_counted_kill(box: Box) -> None:
    spec = box.spec("sh", "-c", "x=x; while :; do x=$x$x; done")
    spec["linux"]["resources"] = {"memory": {"limit": 16 * MIB, "swap": 16 * MIB}}
    running = box.start(spec)
    assert running.finish().code == 137
    assert cgroups.oom_kills(running.plan.cgroup) == 1


def test_limits_change_while_it_runs_up_and_down(box: Box) -> None:
    spec = box.spec("sleep", "1000")
    spec["linux"]["resources"] = {"memory": {"limit": 64 * MIB, "swap": 64 * MIB}}
    group = box.start(spec).plan.cgroup
    for size in (512 * MIB, 32 * MIB):
        assert cgroups.apply(group, Resources(memory=size, memory_swap=size, cpu_quota=20000)) == ()
        assert cgroups.stats(group).memory_limit == size


def test_what_the_kernel_lacks_is_a_warning(box: Box) -> None:
    spec = box.spec("true")
    spec["linux"]["resources"] = {"blockIO": {"weight": 500}}
    if os.path.exists("/sys/fs/cgroup/blkio/blkio.weight") or HOST.cgroup_version == 2:
        pytest.skip("this kernel has a weight for block devices")
    assert box.run(spec).warnings == ("this kernel has no blkio.weight: limit discarded",)


def test_frozen_processes_stand_still(box: Box) -> None:
    running = box.start(box.spec("sh", "-c", "while :; do echo x; sleep 0.01; done"))
    running.read_until("x")
    group = running.plan.cgroup
    cgroups.freeze(group)
    assert cgroups.frozen(group)
    while select.select([running.out], [], [], 0)[0]:
        os.read(running.out, 65536)
    assert not select.select([running.out], [], [], 0.1)[0]
    cgroups.thaw(group)
    assert not cgroups.frozen(group)
    running.read_until("x")


@pytest.mark.skipif(HOST.cgroup_version != 1, reason="no cgroup v1 here")
def test_v1_alone_freezes_kills_and_removes(box: Box) -> None:
    running = box.start(box.spec("sh", "-c", "while :; do sleep 0.01; done"))
    whole = running.plan.cgroup
    group = Group(1, tuple(pair for pair in whole.directories if pair[0]), whole.path)
    cgroups.freeze(group)
    assert cgroups.frozen(group)
    cgroups.thaw(group)
    cgroups.kill(group)
    assert running.finish().code == 137
    cgroups.remove(group)
    assert directories(group) == []


def test_all_processes_are_killed_also_those_in_groups_below(box: Box) -> None:
    spec = box.spec("sh", "-c", "sleep 1000 & setsid sleep 1000 & echo x; sleep 1000")
    spec["linux"]["namespaces"] = [{"type": "mount"}]
    spec.pop("hostname")
    running = box.start(spec)
    running.read_until("x")
    group = running.plan.cgroup
    below = [f"{path}/below" for path in directories(group)]
    for path in below:
        os.mkdir(path)
        if "cpuset" in path:
            facade._fill_cpuset(os.path.dirname(path), path)
    moved = cgroups.pids(group)[-1]
    for path in below:
        Path(path, "cgroup.procs").write_text(str(moved))
    cgroups.kill(group)
    assert running.finish().code == 137
    cgroups.remove(group)
    assert directories(group) == []


def test_group_that_is_not_there_is_no_error() -> None:
    group = cgroups.group("/pydock/test-not-there", HOST)
    cgroups.kill(group)
    cgroups.remove(group)
    assert cgroups.oom_kills(group) == 0
    assert cgroups.pids(group) == ()
    with pytest.raises(FileNotFoundError):
        cgroups.stats(group)


def test_own_parent_is_respected(box: Box) -> None:
    spec = box.spec("cat", "/proc/self/cgroup")
    spec["linux"]["cgroupsPath"] = f"/pydock/{box.name}-parent/child"
    spec["linux"]["namespaces"] = [{"type": "mount"}, {"type": "pid"}, {"type": "uts"}]
    running = box.start(spec)
    assert f":/pydock/{box.name}-parent/child" in running.finish().out
    cgroups.remove(running.plan.cgroup)
    cgroups.remove(cgroups.group(f"/pydock/{box.name}-parent", HOST))


def test_device_program_of_v2_allows_and_denies(box: Box) -> None:
    """The program for cgroup v2, also where v2 is only the second hierarchy of a hybrid."""
    top = dict(HOST.cgroup_mounts).get("")
    if not top:
        pytest.skip("no cgroup v2 hierarchy here")
    group = Group(2, (("", f"{top}/pydock/{box.name}-bpf"),), f"/pydock/{box.name}-bpf")
    os.makedirs(group.directory(""))
    try:
        rules = cgroups.with_device_defaults(Resources()).devices
        assert cgroups.apply(group, Resources(devices=rules)) == ()
        pid = os.fork()
        if pid == 0:
            cgroups.join(group)
            os.close(os.open("/dev/null", os.O_RDWR))
            try:
                os.open("/dev/kmsg", os.O_RDONLY)
            except PermissionError:
                os._exit(0)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        cgroups.remove(group)
