"""The facade over trees of plain files that look like cgroup v2 and v1."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydock.core.runtime import cgroups
from pydock.core.runtime.cgroups import Resources, v1, v2
from pydock.core.runtime.cgroups.records import Group, Throttle


@pytest.fixture
def unified(tmp_path: Path) -> Group:
    """A v2 hierarchy whose kernel is these files: directories are made, files are there beforehand."""
    for directory in (tmp_path, tmp_path / "pydock", tmp_path / "pydock/x"):
        directory.mkdir(exist_ok=True)
        (directory / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids\n")
        (directory / "cgroup.subtree_control").write_text("cpu\n")
    return Group(2, (("", f"{tmp_path}/pydock/x"),), "/pydock/x")


def write(group: Group, **files: str) -> None:
    for name, text in files.items():
        Path(group.directory(""), name.replace("__", ".")).write_text(text)


def test_v2_controllers_are_enabled_down_to_the_parent(unified: Group, tmp_path: Path) -> None:
    cgroups.create(unified)
    for directory in (tmp_path, tmp_path / "pydock"):
        assert (directory / "cgroup.subtree_control").read_text().startswith("+cpuset +io +memory +pids")
    assert (tmp_path / "pydock/x/cgroup.subtree_control").read_text() == "cpu\n"


LIMITS = Resources(
    memory=64 << 20,
    memory_swap=96 << 20,
    memory_reservation=32 << 20,
    cpu_shares=1024,
    cpu_quota=50000,
    cpuset_cpus="0",
    pids=10,
    blkio_weight=500,
    throttles=(Throttle(8, 0, "write_iops", 100),),
    unified=(("memory.high", "1000"),),
)


def test_v2_limits_are_converted(unified: Group) -> None:
    expected = {
        "memory.max": "67108864",
        "memory.swap.max": "33554432",
        "memory.low": "33554432",
        "cpu.weight": "39",
        "cpu.max": "50000 100000",
        "cpuset.cpus": "0",
        "pids.max": "10",
        "io.weight": "default 4950",
        "io.max": "8:0 wiops=100",
        "memory.high": "1000",
    }
    for name in expected:
        Path(unified.directory(""), name).write_text("")
    assert cgroups.apply(unified, LIMITS) == ()
    assert {name: Path(unified.directory(""), name).read_text() for name in expected} == expected


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Resources(memory=-1, memory_swap=-1, pids=-1), ["max", "max", "max"]),
        (Resources(memory=100, memory_swap=100), ["100", "0"]),
        (Resources(cpu_quota=-1), ["max 100000"]),
        (Resources(cpu_period=50000), ["max 50000"]),
        (Resources(cpu_shares=2), ["1"]),
        (Resources(cpu_shares=262144), ["10000"]),
    ],
)
def test_v2_words_for_the_ends_of_the_scale(limits: Resources, expected: list[str]) -> None:
    assert [value for _, _, value in v2.writes(limits)] == expected


def test_what_is_not_there_is_a_warning(unified: Group) -> None:
    assert cgroups.apply(unified, Resources(memory=1)) == ("this kernel has no memory.max: limit discarded",)


def test_v2_stats(unified: Group) -> None:
    write(
        unified,
        cpu__stat="usage_usec 30\nuser_usec 20\nsystem_usec 10\n"
        "nr_periods 3\nnr_throttled 2\nthrottled_usec 5\n",
        memory__current="1000\n",
        memory__max="max\n",
        memory__stat="anon 7\nfile 8\n",
        memory__events="low 0\nhigh 0\nmax 4\noom 1\noom_kill 2\n",
        pids__current="3\n",
        pids__max="10\n",
        io__stat="8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n",
    )
    usage = cgroups.stats(unified)
    assert (usage.cpu_total, usage.cpu_user, usage.cpu_system) == (30000, 20000, 10000)
    assert (usage.cpu_periods, usage.cpu_throttled_periods, usage.cpu_throttled) == (3, 2, 5000)
    assert (usage.memory, usage.memory_limit, usage.memory_failures) == (1000, 0, 4)
    assert usage.memory_stat == (("anon", 7), ("file", 8))
    assert (usage.pids, usage.pids_limit) == (3, 10)
    assert usage.io == ((8, 0, "Read", 1, 3), (8, 0, "Write", 2, 4))
    assert cgroups.oom_kills(unified) == 2


def test_v2_freezing_is_waited_for(unified: Group) -> None:
    write(unified, cgroup__freeze="0\n", cgroup__events="populated 1\nfrozen 1\n")
    cgroups.freeze(unified)
    assert cgroups.frozen(unified)
    cgroups.thaw(unified)
    assert not cgroups.frozen(unified)


def test_v2_kill_asks_the_kernel(unified: Group) -> None:
    write(unified, cgroup__kill="", cgroup__procs="")
    cgroups.kill(unified)
    assert Path(unified.directory(""), "cgroup.kill").read_text() == "1"


def test_pids_of_groups_below_are_listed(unified: Group) -> None:
    write(unified, cgroup__procs="5\n3\n")
    below = Path(unified.directory(""), "below")
    below.mkdir()
    (below / "cgroup.procs").write_text("9\n")
    assert cgroups.pids(unified) == (3, 5, 9)


def test_joining_moves_the_calling_thread_once_a_directory(tmp_path: Path) -> None:
    both = tmp_path / "cpu,cpuacct/x"
    other = tmp_path / "unified/x"
    for directory, name in ((both, "tasks"), (other, "cgroup.procs")):
        directory.mkdir(parents=True)
        (directory / name).write_text("")
    group = Group(1, (("cpu", str(both)), ("cpuacct", str(both)), ("", str(other))), "/x")
    cgroups.join(group, born_in_v2=True)
    assert (both / "tasks").read_text() == "0"
    assert (other / "cgroup.procs").read_text() == ""
    cgroups.join(group)
    assert (other / "cgroup.procs").read_text() == "0"


def test_v1_cpuset_gets_its_parents_values(tmp_path: Path) -> None:
    for name, text in (("", "0-3"), ("pydock", ""), ("pydock/x", "")):
        (tmp_path / name).mkdir(exist_ok=True)
        for file in ("cpuset.cpus", "cpuset.mems"):
            (tmp_path / name / file).write_text(text)
    cgroups.create(Group(1, (("cpuset", f"{tmp_path}/pydock/x"),), "/pydock/x"))
    assert (tmp_path / "pydock/x/cpuset.cpus").read_text() == "0-3"


def test_v1_writes() -> None:
    assert v1.writes(LIMITS)[:3] == [
        ("memory", "memory.limit_in_bytes", "67108864"),
        ("memory", "memory.memsw.limit_in_bytes", "100663296"),
        ("memory", "memory.soft_limit_in_bytes", "33554432"),
    ]
    assert ("blkio", "blkio.throttle.write_iops_device", "8:0 100") in v1.writes(LIMITS)


def test_v1_raises_memory_and_swap_together_before_memory(tmp_path: Path) -> None:
    for name in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):
        (tmp_path / name).write_text("100")
    group = Group(1, (("memory", str(tmp_path)),), "/x")
    assert v1.swapped_first(group, Resources(memory=200, memory_swap=200))
    assert v1.swapped_first(group, Resources(memory=-1, memory_swap=-1))
    assert not v1.swapped_first(group, Resources(memory=50, memory_swap=50))


def test_machine_without_cgroups_warns_once_and_does_nothing() -> None:
    group = Group(0, (), "/x")
    cgroups.create(group)
    cgroups.join(group)
    assert len(cgroups.apply(group, Resources(memory=1))) == 1
    assert cgroups.apply(group, Resources()) == ()
    cgroups.kill(group)
    cgroups.remove(group)
    assert os.getpid() not in cgroups.pids(group)
