"""The container's own view of cgroups at /sys/fs/cgroup.

v2: one cgroup2 mount. v1: a small tmpfs with every controller in it, and links for controllers that share a
hierarchy. With a cgroup namespace the mounts begin at the container's group by themselves; without one the
container's own directories are bound. Read-only unless the spec says "rw" (CVE-2022-0492).
"""

from __future__ import annotations

import os

from ..linux import mount as m
from ..linux import namespace as ns
from .inside import make_directory
from .mounts import Mount
from .plan import Plan


def cgroup_mount(root: int, mount: Mount, plan: Plan) -> None:
    """Make the spec's mount of type "cgroup" or "cgroup2"; nothing on a machine without cgroups."""
    if plan.cgroup.version == 2:
        fd = m.new_mount("cgroup2", mount.data, mount.attr_set, "cgroup")
        _attach(root, mount.target, fd)
        os.close(fd)
    elif plan.cgroup.version == 1:
        _mount_v1(root, mount, plan)


def _mount_v1(root: int, mount: Mount, plan: Plan) -> None:
    attributes = mount.attr_set & ~m.MOUNT_ATTR_RDONLY
    top = m.new_mount("tmpfs", "mode=755", attributes, "tmpfs")
    _attach(root, mount.target, top)
    separate = bool(plan.namespaces & ns.CLONE_NEWCGROUP)
    for controllers, directory in _hierarchies(plan):
        name = ",".join(controllers).removeprefix("name=")
        fd = _own(controllers, mount) if separate else _bound(directory, mount)
        _attach(top, name, fd)
        os.close(fd)
        for controller in controllers if len(controllers) > 1 else ():
            os.symlink(name, controller, dir_fd=top)
    if mount.attr_set & m.MOUNT_ATTR_RDONLY:
        m.mount_setattr(top, "", m.AT_EMPTY_PATH, attr_set=m.MOUNT_ATTR_RDONLY)
    os.close(top)


def _own(controllers: list[str], mount: Mount) -> int:
    """Mount a hierarchy anew: in a cgroup namespace its root is the container's group."""
    # "none" is what a hierarchy without a controller, like systemd's, is asked for by.
    named = controllers[0].startswith("name=")
    options = ("none," if named else "") + ",".join(controllers)
    return m.new_mount("cgroup", options, mount.attr_set, "cgroup")


def _bound(directory: str, mount: Mount) -> int:
    fd = m.open_tree(m.AT_FDCWD, directory, m.OPEN_TREE_CLONE)
    m.mount_setattr(fd, "", m.AT_EMPTY_PATH, attr_set=mount.attr_set)
    return fd


def _hierarchies(plan: Plan) -> list[tuple[list[str], str]]:
    """Group v1 controllers by the directory that they share."""
    by_directory: dict[str, list[str]] = {}
    for controller, directory in plan.cgroup.directories:
        if controller:
            by_directory.setdefault(directory, []).append(controller)
    return [(controllers, directory) for directory, controllers in by_directory.items()]


def _attach(root: int, path: str, fd: int) -> None:
    target = make_directory(root, path)
    m.move_mount(fd, target, path)
    os.close(target)
