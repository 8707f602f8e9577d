"""From specifications to plans: what is read, what is refused, and by which words."""

from __future__ import annotations

from typing import Any

import pytest

from pydock.core.errors import Invalid, PydockError, Unsupported
from pydock.core.linux import mount as m
from pydock.core.linux import namespace as ns
from pydock.core.rootfs import Directory
from pydock.core.runtime.capabilities import DEFAULT, mask
from pydock.core.runtime.cgroups.records import DeviceRule
from pydock.core.runtime.host import Host
from pydock.core.runtime.plan import INIT, Plan, exec_plan, plan

HOST = Host(1, (("memory", "/sys/fs/cgroup/memory"),), frozenset(DEFAULT), "x86_64", True, (6, 1))
ROOT = Directory("/root")


def spec(**changes: Any) -> dict[str, Any]:
    """A small spec; `process`, `linux` are merged, other keys replaced."""
    kinds = ("mount", "pid", "uts", "ipc", "network", "cgroup")
    linux = {
        "cgroupsPath": "/pydock/x",
        "namespaces": [{"type": kind} for kind in kinds],
        **changes.pop("linux", {}),
    }
    process = {"args": ["true"], "cwd": "/", **changes.pop("process", {})}
    return {"process": process, "linux": linux, **changes}


def planned(**changes: Any) -> Plan:
    return plan(spec(**changes), ROOT, HOST)


def test_namespaces_new_and_joined_and_absent() -> None:
    kinds = [{"type": "mount"}, {"type": "network", "path": "/proc/1/ns/net"}, {"type": "pid"}]
    found = planned(linux={"namespaces": kinds})
    assert found.namespaces == ns.CLONE_NEWNS | ns.CLONE_NEWPID
    assert found.joined == ((ns.CLONE_NEWNET, "/proc/1/ns/net"),)


def test_process_is_read() -> None:
    found = planned(
        process={
            "args": ["sh", "-c", "x"],
            "env": ["A=1", "B="],
            "cwd": "/srv//app/",
            "user": {"uid": 5, "gid": 6, "additionalGids": [7, 8], "umask": 0o77},
            "terminal": True,
            "consoleSize": {"height": 24, "width": 80},
            "noNewPrivileges": True,
            "oomScoreAdj": -5,
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 2**64 - 1}],
            "capabilities": {"bounding": list(DEFAULT), "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
        }
    ).process
    assert (found.args, found.env, found.cwd) == (("sh", "-c", "x"), ("A=1", "B="), "/srv/app")
    assert (found.uid, found.gid, found.groups, found.umask) == (5, 6, (7, 8), 0o77)
    assert (found.terminal, found.console) == (True, (24, 80))
    assert (found.no_new_privileges, found.oom_score_adj) == (True, -5)
    assert [(limit.soft, limit.hard) for limit in found.rlimits] == [(10, -1)]
    assert found.capabilities.bounding == mask(DEFAULT)
    assert found.capabilities.effective == found.capabilities.permitted == mask(["CAP_KILL"])


def test_inheritable_and_ambient_capabilities_never_are() -> None:
    sets = {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "permitted", "inheritable", "ambient")}
    assert planned(process={"capabilities": sets}).process.capabilities.ambient == 0


def test_capabilities_that_the_engine_lacks_are_a_warning() -> None:
    found = planned(process={"capabilities": {"bounding": ["CAP_SYS_BOOT", "CAP_KILL"]}})
    assert found.process.capabilities.bounding == mask(["CAP_KILL"])
    assert found.warnings == ("not given, because the engine has them not: CAP_SYS_BOOT",)


def test_devices_are_denied_unless_allowed() -> None:
    found = planned().resources.devices
    assert found is not None
    assert found[0] == DeviceRule(False, "a", None, None, "rwm")
    assert DeviceRule(True, "c", 1, 3, "rwm") in found


def test_sysctls_become_paths() -> None:
    found = planned(linux={"sysctl": {"net.ipv4.ip_forward": "1", "net/ipv4/conf/eth0.1/rp_filter": "2"}})
    assert found.sysctls == (("net/ipv4/ip_forward", "1"), ("net/ipv4/conf/eth0.1/rp_filter", "2"))


def test_root_is_private_unless_said_otherwise() -> None:
    assert planned().root_propagation == (m.MS_PRIVATE, True)
    assert planned(linux={"rootfsPropagation": "rslave"}).root_propagation == (m.MS_SLAVE, True)


def test_init_is_an_annotation() -> None:
    assert planned().process.init == b""
    assert planned(annotations={INIT: "true"}).process.init.startswith(b"\x7fELF")


def test_exec_takes_from_the_container_what_it_does_not_say() -> None:
    document = spec(process={"env": ["A=1"], "cwd": "/srv", "terminal": True, "user": {"uid": 9, "gid": 9}})
    found = exec_plan(document, {"args": ["ls"], "user": {"uid": 1, "gid": 2}}, HOST)
    assert (found.process.args, found.process.env, found.process.cwd) == (("ls",), ("A=1",), "/srv")
    assert (found.process.uid, found.process.terminal) == (1, False)
    assert found.namespaces & ns.CLONE_NEWPID


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"process": {"args": []}}, "no command specified"),
    ({"process": {"args": ["a\0b"]}}, "NUL"),
    ({"process": {"env": ["novalue"]}}, "invalid environment variable: 'novalue'"),
    ({"process": {"env": ["=x"]}}, "invalid environment variable"),
    ({"process": {"cwd": "relative"}}, "working directory must be absolute"),
    ({"process": {"user": {"uid": -1}}}, "user.uid is out of range"),
    ({"process": {"user": {"uid": 0, "gid": 2**32 - 1}}}, "user.gid is out of range"),
    ({"process": {"oomScoreAdj": 1001}}, "oomScoreAdj"),
    ({"process": {"capabilities": {"bounding": ["CAP_FLY"]}}}, "unknown capability: CAP_FLY"),
    ({"process": {"rlimits": [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]}}, "unknown rlimit: RLIMIT_X"),
    ({"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]}}, "above the hard value"),
    ({"process": {"rlimits": [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2}}, "given twice"),
    ({"linux": {"namespaces": [{"type": "mount"}, {"type": "space"}]}}, "unknown namespace: space"),
    ({"linux": {"namespaces": [{"type": "mount"}] * 2}}, "namespace given twice: mount"),
    ({"linux": {"namespaces": [{"type": "mount", "path": "x"}]}}, "must be absolute"),
    ({"linux": {"namespaces": [{"type": "pid"}]}}, "mount namespace of its own"),
    ({"linux": {"maskedPaths": ["proc"]}}, "maskedPaths must be absolute"),
    ({"linux": {"rootfsPropagation": "odd"}}, "unknown rootfsPropagation"),
    ({"linux": {"cgroupsPath": ""}}, "cgroup path"),
    ({"linux": {"sysctl": {"kernel.core_pattern": "|/x"}}}, "not in a separate namespace"),
    ({"linux": {"sysctl": {"net/../kernel/core_pattern": "|/x"}}}, "not in a separate namespace"),
    ({"linux": {"sysctl": {"net..kernel": "1"}}}, "not in a separate namespace"),
    (
        {"linux": {"namespaces": [{"type": "mount"}], "sysctl": {"net.ipv4.ip_forward": "1"}}},
        "needs a namespace of the container's own",
    ),
    ({"linux": {"namespaces": [{"type": "mount"}]}, "hostname": "x"}, "hostname needs a uts namespace"),
    ({"hostname": "x" * 65}, "longer than 64"),
    ({"linux": {"devices": [{"path": "/dev/../x", "type": "c"}]}}, "device path"),
    ({"linux": {"devices": [{"path": "/dev/x", "type": "z"}]}}, "device type"),
    ({"mounts": [{"destination": "relative", "type": "tmpfs"}]}, "mount destination must be absolute"),
    ({"mounts": [{"destination": "/", "type": "tmpfs"}]}, "must not be /"),
    ({"mounts": [{"destination": "/x"}]}, "mount has no type: /x"),
    (
        {"mounts": [{"destination": "/x", "type": "bind", "source": "rel"}]},
        "mount source must be absolute: rel",
    ),
    ({"mounts": [{"destination": "/proc/self/x", "type": "tmpfs"}]}, "inside /proc"),
    ({"mounts": [{"destination": "/proc", "type": "tmpfs"}]}, "only a proc file system"),
    ({"mounts": [{"destination": "/x/../proc/sys", "type": "tmpfs"}]}, "inside /proc"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_what_is_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        planned(**changes)


@pytest.mark.parametrize("kind", ["user", "time"])
def test_namespaces_that_are_not_built_say_so(kind: str) -> None:
    with pytest.raises(Unsupported, match=kind):
        planned(linux={"namespaces": [{"type": "mount"}, {"type": kind}]})


def test_filter_needs_a_kernel_with_one() -> None:
    without = Host(1, HOST.cgroup_mounts, HOST.capabilities, "x86_64", False, (6, 1))
    with pytest.raises(PydockError, match="unconfined"):
        plan(spec(linux={"seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}}), ROOT, without)
