"""No privilege is left that Docker's default does not leave: our container beside a recorded one.

The facts are of a container of dockerd 28.5.2 (cgroup v1, busybox, no options), as it saw itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.engines import Box, opened
from pydock.core.schema.containers import HostConfig, Ulimit

STATUS = """
CapInh: 0000000000000000
CapPrm: 00000000a80425fb
CapEff: 00000000a80425fb
CapBnd: 00000000a80425fb
CapAmb: 0000000000000000
NoNewPrivs: 0
Seccomp: 2
"""
DROPPED = """
CapInh: 0000000000000000
CapPrm: 0000000000000400
CapEff: 0000000000000400
CapBnd: 0000000000000400
CapAmb: 0000000000000000
NoNewPrivs: 1
"""
# Where, what, and how; sizes left out. What dockerd's own data lay on (a tmpfs) is "host".
MOUNTS = """
/ overlay rw,relatime
/dev tmpfs rw,nosuid,mode=755
/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime
/dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666
/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime
/etc/hostname host rw,relatime
/etc/hosts host rw,relatime
/etc/resolv.conf host rw,relatime
/proc proc rw,nosuid,nodev,noexec,relatime
/proc/acpi tmpfs ro,relatime
/proc/bus proc ro,nosuid,nodev,noexec,relatime
/proc/fs proc ro,nosuid,nodev,noexec,relatime
/proc/interrupts tmpfs rw,nosuid,mode=755
/proc/irq proc ro,nosuid,nodev,noexec,relatime
/proc/keys tmpfs rw,nosuid,mode=755
/proc/sys proc ro,nosuid,nodev,noexec,relatime
/proc/timer_list tmpfs rw,nosuid,mode=755
/sys sysfs ro,nosuid,nodev,noexec,relatime
/sys/firmware tmpfs ro,relatime
"""
DEVICES = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
# Whether it can be masked depends on whether the machine has it.
_MACHINE = frozenset(
    (
        "/proc/acpi /proc/asound /proc/scsi /proc/kcore /proc/timer_list /proc/sysrq-trigger "
        "/proc/interrupts /proc/latency_stats /proc/timer_stats /proc/sched_debug "
        "/sys/devices/virtual/powercap"
    ).split()
)


async def seen(box: Box, script: str, **more: object) -> list[str]:
    code, output = await box.run("sh", "-c", script, **more)  # type: ignore[arg-type]
    assert code == 0, output
    return output.replace("\t", " ").splitlines()


async def test_the_first_process(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        script = "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/1/status; cat /proc/1/oom_score_adj; umask"
        assert await seen(box, script) == [*STATUS.split("\n")[1:-1], "0", "0022"]
        host = HostConfig(cap_drop=["ALL"], cap_add=["NET_BIND_SERVICE"], security_opt=["no-new-privileges"])
        assert (
            await seen(box, "grep -E '^(Cap|NoNew)' /proc/1/status", host=host) == DROPPED.split("\n")[1:-1]
        )


async def test_no_descriptor_but_the_standard_ones(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        # The fourth is what lists the directory.
        assert len(await seen(box, "ls /proc/self/fd")) == 4


async def test_mounts_and_their_flags(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        lines = await seen(box, "cut -d' ' -f2,3,4 /proc/mounts | grep -v cgroup")
        ours = {line.split(" ")[0]: _settled(line) for line in lines}
        recorded = {line.split(" ")[0]: line for line in MOUNTS.split("\n")[1:-1]}
        for place in _MACHINE & (set(ours) ^ set(recorded)):
            ours.pop(place, None)
            recorded.pop(place, None)
        assert ours == recorded


def _settled(line: str) -> str:
    place, kind, options = line.split(" ")
    if place.startswith("/etc/"):
        # The mount's own flags come first; what follows is the host's file system's.
        return f"{place} host {','.join(options.split(',')[:2])}"
    left = ("lowerdir", "upperdir", "workdir", "size=", "uuid", "inode", "index", "xino", "nr_inodes")
    kept = [option for option in options.split(",") if not option.startswith(left)]
    return f"{place} {kind} {','.join(kept)}"


async def test_devices(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        # Docker 28 has /dev/core, which its recorded machine did not.
        assert [name for name in await seen(box, "ls /dev") if name != "core"] == DEVICES.split()
        tries = "for d in 'b 8 0' 'c 1 1' 'c 10 200' 'c 1 11'; do mknod /x $d; cat /x; rm /x; done"
        refused = await seen(box, f"({tries}) 2>&1; true")
        assert len(refused) == 4
        assert all("Operation not permitted" in line for line in refused)


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/latency_stats"])
async def test_masked_files_are_empty(tmp_path: Path, path: str) -> None:
    async with opened(tmp_path) as box:
        assert await seen(box, f"cat {path} 2>/dev/null | wc -c") == ["0"]


async def test_masked_and_read_only_places(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        left = await seen(box, "ls -A /proc/acpi /proc/scsi /sys/firmware 2>/dev/null; true")
        assert [line for line in left if line and not line.endswith(":")] == []
        files = "sys/kernel/domainname sysrq-trigger irq/default_smp_affinity"
        tries = f"for f in {files}; do echo x > /proc/$f; done"
        lines = await seen(box, f"({tries}) 2>&1; true")
        assert all("Read-only file system" in line or "nonexistent" in line for line in lines)
        assert len(lines) == 3


async def test_limits(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        host = HostConfig(ulimits=[Ulimit(name="nofile", soft=100, hard=200)], shm_size=8 << 20)
        script = "ulimit -Sn; ulimit -Hn; df -k /dev/shm | tail -1 | awk '{print $2}'"
        assert await seen(box, script, host=host) == ["100", "200", "8192"]


async def test_a_tmpfs_and_a_read_only_root(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        host = HostConfig(readonly_rootfs=True, tmpfs={"/t": "size=1m,mode=1777"})
        lines = await seen(box, "touch /x 2>&1; touch /t/y && echo ok; grep ' /t ' /proc/mounts", host=host)
        assert lines[:2] == ["touch: /x: Read-only file system", "ok"]
        assert lines[2].split()[:3] == ["tmpfs", "/t", "tmpfs"]
        assert {"rw", "nosuid", "nodev", "noexec", "relatime", "size=1024k"} <= set(
            lines[2].split()[3].split(",")
        )
