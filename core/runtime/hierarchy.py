"""The container's own view of cgroups at /sys/fs/cgroup.

v2: one cgroup2 mount. v1: a small tmpfs with every controller in it, and links for controllers that share a
hierarchy. With a cgroup namespace the mounts begin at the container's group by themselves; without one the
container's own directories are bound. Read-only unless the spec says "rw" (CVE-2022-0492).
"""

from __future__ import annotations

import os
import posixpath

from ..linux import mount as m
from ..linux import namespace as ns
from .inside import make_directory
from .mounts import Mount
from .plan import Plan


def cgroup_mount(root: int, mount: Mount, plan: Plan) -> None:
    """Make the spec's mount of type "cgroup" or "cgroup2"; nothing on a machine without cgroups."""
    if plan.cgroup.version == 2:
        _attach(root, mount.target, m.new_mount("cgroup2", mount.data, mount.attr_set, "cgroup"))
    elif plan.cgroup.version == 1:
        _mount_v1(root, mount, plan)


def _mount_v1(root: int, mount: Mount, plan: Plan) -> None:
    attributes = mount.attr_set & ~m.MOUNT_ATTR_RDONLY
    _attach(root, mount.target, m.new_mount("tmpfs", "mode=755", attributes, "tmpfs"))
    separate = bool(plan.namespaces & ns.CLONE_NEWCGROUP)
    for controllers, directory in _hierarchies(plan):
        name = ",".join(controllers).removeprefix("name=")
        if separate:
            # "none" is what a hierarchy without a controller, like systemd's, is asked for by.
            named = controllers[0].startswith("name=")
            options = ("none," if named else "") + ",".join(controllers)
            fd = m.new_mount("cgroup", options, mount.attr_set, "cgroup")
        else:
            fd = m.open_tree(m.AT_FDCWD, directory, m.OPEN_TREE_CLONE)
            m.mount_setattr(fd, "", m.AT_EMPTY_PATH, attr_set=mount.attr_set)
        _attach(root, f"{mount.target}/{name}", fd)
        _link_each(root, mount.target, controllers, name)
    if mount.attr_set & m.MOUNT_ATTR_RDONLY:
        fd = make_directory(root, mount.target)
        m.mount_setattr(fd, "", m.AT_EMPTY_PATH, attr_set=m.MOUNT_ATTR_RDONLY)
        os.close(fd)


def _hierarchies(plan: Plan) -> list[tuple[list[str], str]]:
    """Group v1 controllers by the directory that they share."""
    by_directory: dict[str, list[str]] = {}
    for controller, directory in plan.cgroup.directories:
        if controller:
            by_directory.setdefault(directory, []).append(controller)
    return [(controllers, directory) for directory, controllers in by_directory.items()]


def _link_each(root: int, target: str, controllers: list[str], name: str) -> None:
    if len(controllers) < 2:
        return
    parent = make_directory(root, target)
    for controller in controllers:
        os.symlink(name, controller, dir_fd=parent)
    os.close(parent)


def _attach(root: int, path: str, fd: int) -> None:
    target = make_directory(root, posixpath.normpath(path))
    m.move_mount(fd, target, path)
    os.close(fd)
    os.close(target)
