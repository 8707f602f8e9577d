"""Which cgroup a path names, and which limits a spec's resources say."""

from __future__ import annotations

from typing import Any

import pytest

from pydock.core.errors import Invalid
from pydock.core.runtime.cgroups import group, resources
from pydock.core.runtime.cgroups.records import DeviceRule, Resources, Throttle
from pydock.core.runtime.host import Host

MOUNTS = (("memory", "/sys/fs/cgroup/memory"), ("", "/sys/fs/cgroup/unified"))
HOST = Host(1, MOUNTS, frozenset(), "x86_64", True, (6, 1))


@pytest.mark.parametrize("path", ["/pydock/abc", "pydock/abc", "//pydock//abc/"])
def test_group_is_below_every_hierarchy(path: str) -> None:
    found = group(path, HOST)
    assert found.directory("memory") == "/sys/fs/cgroup/memory/pydock/abc"
    assert found.directory("") == "/sys/fs/cgroup/unified/pydock/abc"
    assert found.directory("cpu") == ""
    assert found.path == "/pydock/abc"


@pytest.mark.parametrize("path", ["", "/", "a/../b", "../x", "system.slice:docker:abc", "a\nb", "."])
def test_paths_that_name_no_group_of_ours_are_refused(path: str) -> None:
    with pytest.raises(Invalid):
        group(path, HOST)


TABLE: list[tuple[dict[str, Any], Resources]] = [
    ({}, Resources()),
    ({"memory": {"limit": 0, "swap": -1}}, Resources(memory_swap=-1)),
    (
        {
            "memory": {
                "limit": 1 << 20,
                "swap": 2 << 20,
                "reservation": 5,
                "swappiness": 0,
                "disableOOMKiller": True,
            }
        },
        Resources(
            memory=1 << 20,
            memory_swap=2 << 20,
            memory_reservation=5,
            memory_swappiness=0,
            oom_kill_disable=True,
        ),
    ),
    (
        {"cpu": {"shares": 512, "quota": -1, "period": 100000, "cpus": "0-1", "mems": ""}},
        Resources(cpu_shares=512, cpu_quota=-1, cpu_period=100000, cpuset_cpus="0-1"),
    ),
    ({"pids": {"limit": -1}}, Resources(pids=-1)),
    (
        {"blockIO": {"weight": 300, "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 1024}]}},
        Resources(blkio_weight=300, throttles=(Throttle(8, 0, "read_bps", 1024),)),
    ),
    (
        {
            "devices": [
                {"allow": False, "access": "rwm"},
                {"allow": True, "type": "c", "major": 1, "minor": -1},
            ]
        },
        Resources(devices=(DeviceRule(False, "a", None, None, "rwm"), DeviceRule(True, "c", 1, None, "rwm"))),
    ),
    ({"unified": {"memory.high": "max"}}, Resources(unified=(("memory.high", "max"),))),
]


@pytest.mark.parametrize(("entry", "expected"), TABLE)
def test_resources_are_read(entry: dict[str, Any], expected: Resources) -> None:
    assert resources(entry) == expected


@pytest.mark.parametrize(
    "entry",
    [
        {"devices": [{"allow": True, "type": "x"}]},
        {"devices": [{"allow": True, "type": "c", "access": "rwx"}]},
        {"unified": {"../../x": "1"}},
        {"unified": {"cgroup.procs": "1"}},
    ],
)
def test_nonsense_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        resources(entry)
