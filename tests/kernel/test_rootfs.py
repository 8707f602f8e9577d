"""A container's root on the real kernel: mounts as asked for, and never elsewhere than inside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import HOST, MOUNTS, Box, mount
from pydock.core.errors import Invalid
from pydock.core.rootfs import Overlay
from pydock.core.runtime.launch import LaunchError


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def options(listing: str, target: str) -> set[str]:
    """Give the options of the last mount on `target` in mount's output."""
    found = re.findall(rf"^\S+ on {re.escape(target)} type (\S+) \((.*)\)$", listing, re.M)
    kind, text = found[-1]
    return {kind, *text.split(",")}


def test_default_mounts_are_dockers(box: Box) -> None:
    listing = box.run(box.spec("mount")).out
    assert {"overlay", "rw"} <= options(listing, "/")
    assert {"proc", "rw", "nosuid", "nodev", "noexec"} <= options(listing, "/proc")
    assert {"tmpfs", "rw", "nosuid", "size=65536k", "mode=755"} <= options(listing, "/dev")
    assert {"devpts", "gid=5", "mode=620", "ptmxmode=666"} <= options(listing, "/dev/pts")
    assert {"sysfs", "ro", "nosuid", "nodev", "noexec"} <= options(listing, "/sys")
    assert {"mqueue", "nosuid", "nodev", "noexec"} <= options(listing, "/dev/mqueue")
    assert {"tmpfs", "nosuid", "nodev", "noexec", "size=65536k"} <= options(listing, "/dev/shm")
    for path in ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"):
        assert not Path(path).exists() or {"proc", "ro"} <= options(listing, path)
    assert {"tmpfs", "ro"} <= options(listing, "/sys/firmware")


def test_masked_files_are_empty_and_masked_directories_too(box: Box) -> None:
    assert box.sh("cat /proc/keys /proc/timer_list; ls -A /sys/firmware /proc/acpi").out.split() == [
        "/proc/acpi:",
        "/sys/firmware:",
    ]


def test_bind_of_directory_and_file(box: Box, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("content\n")
    mounts = [
        mount("/data", "bind", "rbind", "rprivate", source=str(source)),
        mount("/etc/one", "bind", "rbind", "ro", source=str(source / "file")),
        mount("/safe", "bind", "rbind", "ro", "nosuid", "noexec", "nodev", source=str(source)),
    ]
    script = "cat /data/file /etc/one; touch /data/new; touch /etc/one || touch /safe/x; mount"
    result = box.run(box.spec("sh", "-c", script, mounts=mounts))
    assert result.lines[:2] == ["content", "content"]
    assert (source / "new").exists()
    assert result.err.count("Read-only file system") == 2
    assert {"ro", "nosuid", "noexec", "nodev"} <= options(result.out, "/safe")
    assert {"rw"} <= options(result.out, "/data")


def test_recursive_readonly_reaches_mounts_below(box: Box, tmp_path: Path) -> None:
    mounts = [
        mount("/a", "bind", "rbind", "ro", source="/dev"),
        mount("/b", "bind", "rbind", "rro", source="/dev"),
    ]
    if not os.path.ismount("/dev/shm"):
        pytest.skip("the host's /dev has no mount below it")
    result = box.run(box.spec("sh", "-c", "mount", mounts=mounts))
    assert "ro" in options(result.out, "/a")
    assert "rw" in options(result.out, "/a/shm")
    assert "ro" in options(result.out, "/b/shm")


def test_tmpfs_takes_the_mode_of_what_it_covers_or_its_own(box: Box) -> None:
    (box.root / "secret").mkdir(mode=0o700)
    mounts = [mount("/secret", "tmpfs", "nosuid"), mount("/new", "tmpfs", "mode=1770", "size=1m")]
    result = box.run(box.spec("stat", "-c", "%a", "/secret", "/new", mounts=mounts))
    assert result.lines == ["700", "1770"]


def test_tmpcopyup_brings_the_content(box: Box) -> None:
    (box.root / "var/lib").mkdir(parents=True)
    (box.root / "var/lib/file").write_text("kept\n")
    (box.root / "var/link").symlink_to("lib/file")
    result = box.run(box.spec("cat", "/var/link", mounts=[mount("/var", "tmpfs", "tmpcopyup")]))
    assert result.out == "kept\n"


@pytest.mark.skipif(HOST.cgroup_version != 1, reason="no cgroup v1 here")
def test_cgroups_are_readonly_with_a_namespace_and_without(box: Box) -> None:
    """CVE-2022-0492: release_agent can't be written."""
    script = "ls /sys/fs/cgroup/memory/memory.limit_in_bytes; echo x > /sys/fs/cgroup/memory/cgroup.procs"
    for kinds in (("mount", "pid", "uts", "cgroup"), ("mount", "pid", "uts")):
        spec = box.spec("sh", "-c", script)
        spec["linux"]["namespaces"] = [{"type": kind} for kind in kinds]
        result = box.run(spec)
        assert result.out == "/sys/fs/cgroup/memory/memory.limit_in_bytes\n"
        assert "Read-only file system" in result.err


def test_hundred_and_twenty_layers(box: Box, tmp_path: Path) -> None:
    lower = []
    for number in range(120):
        layer = tmp_path / "l" / f"{number:026}"
        layer.mkdir(parents=True)
        (layer / f"file{number}").write_text("")
        lower.append(str(layer))
    whole = box.overlay()
    rootfs = Overlay((*lower, str(box.root)), whole.upper, whole.work)
    if sum(len(path) for path in lower) < 4096:
        pytest.skip("the temporary directory's name is too short for the test")
    assert box.run(box.spec("sh", "-c", "ls -d /file* | wc -l"), rootfs).out == "120\n"


def test_names_with_colon_and_comma(box: Box, tmp_path: Path) -> None:
    layer = tmp_path / "a:b,c"
    layer.mkdir()
    (layer / "odd").write_text("odd\n")
    whole = box.overlay()
    place = tmp_path / "up,per"
    (place / "upper").mkdir(parents=True)
    (place / "work").mkdir()
    rootfs = Overlay((str(layer), *whole.lower), str(place / "upper"), str(place / "work"))
    assert box.run(box.spec("cat", "/odd"), rootfs).out == "odd\n"


@pytest.mark.parametrize("link", ["/proc", "/", "/proc/self", "../../../../proc"])
def test_volume_at_a_link_to_proc_is_refused(box: Box, link: str, tmp_path: Path) -> None:
    """CVE-2019-19921, CVE-2023-27561: the target is a link that leads to /proc, or around it."""
    (box.root / "evil").symlink_to(link)
    target = "/evil/proc/sys" if link == "/" else "/evil/sys"
    mounts = [mount(target, "bind", "rbind", source=str(tmp_path))]
    # Below /proc/self there is no "sys", and none can be made.
    with pytest.raises(LaunchError, match="no such file" if link == "/proc/self" else "inside /proc"):
        box.start(box.spec("true", mounts=mounts))


@pytest.mark.parametrize("target", ["/proc", "/sys"])
def test_proc_and_sys_that_are_links_in_the_image_are_refused(box: Box, target: str) -> None:
    """CVE-2019-19921, CVE-2023-28642: the image has a link where /proc or /sys is to be mounted."""
    (box.root / target[1:]).rmdir()
    (box.root / target[1:]).symlink_to("/tmp")
    with pytest.raises(LaunchError, match="must be mounted on ordinary directory"):
        box.start(box.spec("true"))


def test_bind_of_a_look_alike_on_proc_is_refused(box: Box, tmp_path: Path) -> None:
    """CVE-2019-16884: a volume mounted on /proc, so that what protects it lands elsewhere."""
    spec = box.spec("true")
    spec["mounts"] = [mount("/proc", "bind", "rbind", source=str(tmp_path)), *MOUNTS[1:]]
    with pytest.raises(Invalid, match="only a proc file system"):
        box.start(spec)
    spec["mounts"] = [mount("/proc", "bind", "rbind", source="/proc"), *MOUNTS[1:]]
    assert box.run(spec).code == 0


def test_links_of_the_image_lead_nowhere_but_inside(box: Box, tmp_path: Path) -> None:
    """CVE-2021-30465 and kin: a mount target that climbs out, by a relative and by an absolute link."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (box.root / "up").symlink_to("../../../../../../../../../.." + str(outside))
    (box.root / "abs").symlink_to(outside)
    mounts = [mount("/up/a", "tmpfs"), mount("/abs/b", "tmpfs"), mount("/up/f", "bind", source="/etc/passwd")]
    result = box.run(box.spec("sh", "-c", f"ls {outside}", mounts=mounts))
    assert result.out.split() == ["a", "b", "f"]
    assert list(outside.iterdir()) == []


_EXCHANGE = """
import os, sys
os.chdir(sys.argv[1])
while True:
    for pair in (("dir", "was"), ("link", "dir"), ("dir", "link"), ("was", "dir")):
        try:
            os.rename(*pair)
        except OSError:
            pass
"""


def test_target_exchanged_for_a_link_while_mounts_are_made(box: Box, tmp_path: Path) -> None:
    """CVE-2021-30465: a volume shared with a hostile container, whose directory becomes a link meanwhile."""
    volume = tmp_path / "volume"
    (volume / "dir").mkdir(parents=True)
    (volume / "link").symlink_to("/etc")
    # A process, for a launch may only be made while there is a single thread.
    attacker = subprocess.Popen([sys.executable, "-c", _EXCHANGE, str(volume)])
    before = Path("/proc/self/mountinfo").read_text()
    try:
        for number in range(20):
            spec = box.spec("mount")
            spec["linux"]["cgroupsPath"] += f"-{number}"
            spec["mounts"] += [
                mount("/volume", "bind", "rbind", source=str(volume)),
                mount("/volume/dir", "tmpfs", "size=1m"),
            ]
            try:
                listing = box.run(spec).out
            except LaunchError:
                continue
            found = re.findall(r"on (\S+) type tmpfs \(.*size=1024k", listing)
            # A directory that the runtime made in a gap may have been renamed over, which ends its mount.
            assert set(found) <= {"/volume/dir", "/volume/was", "/etc", "/volume/link"}
    finally:
        attacker.kill()
        attacker.wait()
    assert Path("/proc/self/mountinfo").read_text() == before
    assert not os.path.ismount("/etc")


def test_masking_needs_the_null_device(box: Box, tmp_path: Path) -> None:
    """CVE-2025-31133: /dev/null of the container is something else when paths are masked with it."""
    fake = tmp_path / "dev"
    fake.mkdir()
    (fake / "null").symlink_to("/proc/sys/kernel/core_pattern")
    spec = box.spec("true")
    spec["mounts"] = [MOUNTS[0], mount("/dev", "bind", "rbind", source=str(fake))]
    with pytest.raises(LaunchError):
        box.start(spec)
    (fake / "null").unlink()
    (fake / "null").write_text("")
    with pytest.raises(LaunchError, match="is not the null device"):
        box.start(spec)


def test_dangling_links_on_the_way_are_made_inside(box: Box) -> None:
    (box.root / "var").mkdir()
    (box.root / "var/run").symlink_to("/run/deep")
    result = box.run(
        box.spec("sh", "-c", "mount | grep deep", mounts=[mount("/var/run/x", "tmpfs", "size=1m")])
    )
    assert "/run/deep/x" in result.out


def test_slave_mount_gets_what_the_host_mounts_later_and_private_does_not(box: Box) -> None:
    spec = box.spec("grep", "-E", " /(slave|private) ", "/proc/self/mountinfo")
    spec["mounts"] += [
        mount("/slave", "bind", "rbind", "rslave", source="/tmp"),
        mount("/private", "bind", "rbind", "rprivate", source="/tmp"),
    ]
    spec["linux"]["rootfsPropagation"] = "rslave"
    result = box.run(spec)
    assert len(result.lines) == 2
    assert "master" not in result.lines[1]
