"""Mount options in words as kernel flags."""

from __future__ import annotations

from typing import Any

import pytest

from pydock.core.linux import mount as m
from pydock.core.runtime.mounts import PROC_ALLOWED, mount


def read(*options: str, **entry: Any) -> Any:
    return mount({"destination": "/x", "type": "tmpfs", "options": list(options), **entry})


def test_words_for_the_file_system_are_kept() -> None:
    found = read("nosuid", "mode=755", "size=65536k", "noexec")
    assert found.data == "mode=755,size=65536k"
    assert found.attr_set == m.MOUNT_ATTR_NOSUID | m.MOUNT_ATTR_NOEXEC


def test_the_last_word_counts() -> None:
    assert read("ro", "rw").attr_set == 0
    assert read("rw", "ro").attr_set == m.MOUNT_ATTR_RDONLY
    assert read("rw", "ro").attr_clr == 0


@pytest.mark.parametrize(
    ("option", "flag"), [("noatime", m.MOUNT_ATTR_NOATIME), ("strictatime", m.MOUNT_ATTR_STRICTATIME)]
)
def test_access_times_replace_one_another(option: str, flag: int) -> None:
    found = read(option)
    assert (found.attr_set, found.attr_clr & m.MOUNT_ATTR__ATIME) == (flag, m.MOUNT_ATTR__ATIME & ~0)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("private", (m.MS_PRIVATE, False)),
        ("rprivate", (m.MS_PRIVATE, True)),
        ("rslave", (m.MS_SLAVE, True)),
        ("shared", (m.MS_SHARED, False)),
        ("runbindable", (m.MS_UNBINDABLE, True)),
    ],
)
def test_propagation(option: str, expected: tuple[int, bool]) -> None:
    found = read("rbind", option, type="bind", source="/s")
    assert (found.propagation, found.propagate_tree) == expected


def test_bind_and_its_tree() -> None:
    found = read("rbind", "ro", "rnosuid", type="bind", source="/s")
    assert (found.kind, found.recursive, found.data) == ("bind", True, "")
    assert (found.attr_set, found.tree_set) == (m.MOUNT_ATTR_RDONLY, m.MOUNT_ATTR_NOSUID)
    assert not read("bind", type="none", source="/s").recursive


def test_writable_bind_lifts_nothing_that_its_source_forbids() -> None:
    assert not read("rbind", "rw", type="bind", source="/s").attr_clr & m.MOUNT_ATTR_RDONLY


@pytest.mark.parametrize("fstype", ["cgroup", "cgroup2"])
def test_cgroups_are_a_kind_of_their_own(fstype: str) -> None:
    assert read("ro", type=fstype).kind == "cgroup"


@pytest.mark.parametrize("target", sorted(PROC_ALLOWED))
def test_what_may_be_put_over_files_of_proc(target: str) -> None:
    assert mount({"destination": target, "type": "bind", "source": "/var/lib/lxcfs/x"}).target == target


def test_targets_are_cleaned() -> None:
    assert mount({"destination": "//a/./b//c/", "type": "tmpfs"}).target == "/a/b/c"
