"""The whole document, against what a recorded dockerd 28.5 showed from inside (golden 053 to 062)."""

from __future__ import annotations

from typing import Any

import pytest

from pydock.core.containers.record import Container, Mount
from pydock.core.containers.spec.build import build
from pydock.core.containers.spec.facts import Device, Etc, Facts
from pydock.core.containers.users import Identity
from pydock.core.rootfs import Directory
from pydock.core.runtime import plan
from pydock.core.runtime.host import Host
from pydock.core.schema.containers import ContainerConfig, HostConfig, ThrottleDevice, Ulimit

ALL = frozenset({"CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_NET_ADMIN"})
FACTS = Facts(
    identity=Identity(0, 0, (10,), "/root"),
    hostname="hh",
    etc=Etc("/e/hosts", "/e/hostname", "/e/resolv.conf"),
    cgroup_version=1,
    cgroups_path="pydock/abc",
    available=ALL,
    seccomp={"defaultAction": "SCMP_ACT_ALLOW"},
)
HOST = Host(
    cgroup_version=0,
    cgroup_mounts=(),
    capabilities=frozenset(),
    arch="x86_64",
    seccomp=True,
    kernel=(6, 1),
)


def _container(
    host: HostConfig | None = None, config: ContainerConfig | None = None, mounts: list[Mount] | None = None
) -> Container:
    host = host or HostConfig()
    host.network_mode = host.network_mode or "bridge"
    host.shm_size = host.shm_size or 64 << 20
    return Container(
        id="ab" * 32,
        name="web",
        created=1,
        image="sha256:1",
        image_name="busybox",
        chain_id=None,
        driver="overlay2",
        path="sh",
        args=["-c", "true"],
        config=config or ContainerConfig(),
        host_config=host,
        networks={},
        mounts=mounts or [],
        log_path="",
    )


def _mounts(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {mount["destination"]: mount for mount in spec["mounts"]}


def test_default_mounts_are_dockers() -> None:
    mounts = _mounts(build(_container(), FACTS))
    assert list(mounts) == [
        "/proc",
        "/dev",
        "/dev/pts",
        "/sys",
        "/sys/fs/cgroup",
        "/dev/mqueue",
        "/dev/shm",
        "/etc/resolv.conf",
        "/etc/hostname",
        "/etc/hosts",
    ]
    assert mounts["/sys"]["options"] == ["nosuid", "noexec", "nodev", "ro"]
    assert mounts["/sys/fs/cgroup"]["options"] == ["ro", "nosuid", "noexec", "nodev"]
    assert "size=67108864" in mounts["/dev/shm"]["options"]


def test_the_first_process_is_dockers() -> None:
    process = build(_container(), FACTS)["process"]
    assert process["args"] == ["sh", "-c", "true"]
    assert process["env"] == [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=hh",
        "HOME=/root",
    ]
    assert process["user"] == {"uid": 0, "gid": 0, "additionalGids": [0, 10]}
    assert len(process["capabilities"]["bounding"]) == 14
    assert process["capabilities"]["inheritable"] == []
    assert process["cwd"] == "/"


def test_a_terminal_adds_term_and_its_size() -> None:
    config = ContainerConfig(tty=True, env=["A=1", "HOSTNAME=own", "PATH"])
    process = build(_container(HostConfig(console_size=[30, 90]), config), FACTS)["process"]
    assert process["terminal"]
    assert process["consoleSize"] == {"height": 30, "width": 90}
    assert process["env"] == ["HOSTNAME=own", "TERM=xterm", "A=1", "HOME=/root"]


def test_an_ordinary_user_has_no_effective_capabilities() -> None:
    facts = Facts(**{**_fields(FACTS), "identity": Identity(1000, 1000, (), "/home")})
    sets = build(_container(), facts)["process"]["capabilities"]
    assert (sets["effective"], sets["permitted"], len(sets["bounding"])) == ([], [], 14)


def _fields(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__slots__}


def test_privileged_is_limited_by_what_the_engine_has() -> None:
    spec = build(_container(HostConfig(privileged=True)), FACTS)
    assert set(spec["process"]["capabilities"]["bounding"]) == ALL
    assert "seccomp" not in spec["linux"]
    assert spec["linux"]["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
    assert "ro" not in _mounts(spec)["/sys"]["options"]


@pytest.mark.parametrize(
    ("host", "missing"),
    [
        (HostConfig(network_mode="host"), {"network"}),
        (HostConfig(pid_mode="host"), {"pid"}),
        (HostConfig(ipc_mode="host"), {"ipc"}),
        (HostConfig(uts_mode="host"), {"uts"}),
        (HostConfig(), set()),
    ],
)
def test_host_modes_leave_namespaces_out(host: HostConfig, missing: set[str]) -> None:
    spec = build(_container(host), FACTS)
    kinds = {namespace["type"] for namespace in spec["linux"]["namespaces"]}
    assert kinds == {"mount", "network", "uts", "pid", "ipc"} - missing
    assert ("hostname" in spec) == ("uts" not in missing)


def test_namespaces_of_others_are_joined_by_path() -> None:
    facts = Facts(**{**_fields(FACTS), "join_pid": 7})
    namespaces = build(_container(), facts)["linux"]["namespaces"]
    assert {"type": "pid", "path": "/proc/7/ns/pid"} in namespaces


def test_limits_are_translated() -> None:
    host = HostConfig(
        memory=64 << 20,
        nano_cpus=1_500_000_000,
        cpu_shares=200,
        cpuset_cpus="0",
        pids_limit=33,
        memory_swappiness=10,
        oom_kill_disable=True,
        blkio_device_read_bps=[ThrottleDevice(path="/dev/sda", rate=5)],
        ulimits=[Ulimit(name="nofile", soft=10, hard=20)],
        oom_score_adj=7,
        device_cgroup_rules=["c 10:* rw"],
        sysctls={"kernel.msgmax": "1"},
    )
    facts = Facts(**{**_fields(FACTS), "block_devices": (("/dev/sda", 8, 0),)})
    spec = build(_container(host), facts)
    resources = spec["linux"]["resources"]
    assert resources["memory"] == {
        "limit": 64 << 20,
        "swap": 128 << 20,
        "swappiness": 10,
        "disableOOMKiller": True,
    }
    assert resources["cpu"] == {"shares": 200, "period": 100000, "quota": 150000, "cpus": "0"}
    assert resources["pids"] == {"limit": 33}
    assert resources["blockIO"] == {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 5}]}
    assert resources["devices"][0] == {"allow": False, "access": "rwm"}
    assert resources["devices"][-1] == {"allow": True, "type": "c", "major": 10, "access": "rw"}
    assert spec["process"]["rlimits"] == [{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 20}]
    assert spec["process"]["oomScoreAdj"] == 7
    assert spec["linux"]["sysctl"] == {"kernel.msgmax": "1"}


def test_devices_are_made_and_allowed() -> None:
    device = Device("/dev/z", "c", 1, 5, 0o666, 0, 0, "r")
    spec = build(_container(), Facts(**{**_fields(FACTS), "devices": (device,)}))
    assert spec["linux"]["devices"][0]["path"] == "/dev/z"
    assert spec["linux"]["resources"]["devices"][-1] == {
        "allow": True,
        "type": "c",
        "major": 1,
        "minor": 5,
        "access": "r",
    }


def test_own_mounts_come_after_what_they_lie_in_and_win() -> None:
    own = [
        Mount(type="bind", destination="/a/b", source="/x", propagation="rslave"),
        Mount(type="volume", destination="/etc", source="/v", writable=False),
        Mount(type="tmpfs", destination="/dev/shm", options=("size=1m",)),
        Mount(type="bind", destination="/etc/hosts", source="/h"),
    ]
    spec = build(_container(mounts=own), FACTS)
    order = [mount["destination"] for mount in spec["mounts"]]
    assert order.index("/etc") < order.index("/etc/hostname")
    assert order.count("/dev/shm") == order.count("/etc/hosts") == 1
    mounts = _mounts(spec)
    assert mounts["/etc"]["options"] == ["rbind", "rprivate", "ro"]
    assert mounts["/a/b"]["options"] == ["rbind", "rslave", "rw"]
    assert spec["linux"]["rootfsPropagation"] == "rslave"


def test_a_mount_over_dev_hides_dockers() -> None:
    own = [Mount(type="bind", destination="/dev", source="/dev")]
    order = [mount["destination"] for mount in build(_container(mounts=own), FACTS)["mounts"]]
    assert [place for place in order if place.startswith("/dev")] == ["/dev"]


def test_the_runtime_takes_the_document() -> None:
    host = HostConfig(init=True, readonly_rootfs=True, security_opt=["no-new-privileges"])
    spec = build(_container(host), Facts(**{**_fields(FACTS), "cgroup_version": 0, "seccomp": None}))
    planned = plan.plan(spec, Directory("/"), HOST)
    assert planned.process.init
    assert planned.process.no_new_privileges
    assert planned.readonly_root
