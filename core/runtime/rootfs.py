"""Building a container's root in its own mount namespace, and moving into it.

Runs in the child, between clone and exec. Every target is opened inside the root (`inside`) and mounted
through that descriptor; a mount is complete before it is attached. The order:

    separate -> sources -> the root itself -> mounts -> devices -> (network) -> pivot -> masks -> read-only

OCI runtime-spec config-linux.md; CVE-2021-30465, CVE-2019-19921, CVE-2025-31133, CVE-2025-52881.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Iterable

from ..linux import mount as m
from ..linux import namespace as ns
from ..linux import statfs
from ..rootfs import Overlay
from . import overlay
from .copyup import copy_tree
from .devices import LINKS, Device
from .failure import Refused, go_text
from .hierarchy import cgroup_mount
from .inside import is_device, is_directory, make_directory, make_file, open_inside
from .mounts import PROC_ALLOWED, Mount
from .plan import Plan

_CLAIMS = {"proc": statfs.PROC_SUPER_MAGIC, "sysfs": statfs.SYSFS_MAGIC}


def build(plan: Plan) -> int:
    """Build the root with all that is mounted in it; give its descriptor (O_PATH), not yet moved into."""
    _separate(plan)
    sources = {mount.target: _open_source(mount) for mount in plan.mounts if mount.kind == "bind"}
    root = _mount_root(plan)
    for mount in plan.mounts:
        try:
            _add(root, mount, sources.get(mount.target, -1), plan)
        except OSError as err:
            raise _mount_failure(mount, err) from err
    if not any(mount.kind == "bind" and mount.target == "/dev" for mount in plan.mounts):
        _make_devices(root, plan.devices)
    _check_claims(root, plan)
    return root


def _mount_failure(mount: Mount, err: OSError) -> Refused:
    number = err.errno or 0
    words = (
        f'error mounting "{mount.source or mount.fstype}" to rootfs at "{mount.target}": {go_text(number)}'
    )
    return Refused(f"error during container init: {words}", number)


def _separate(plan: Plan) -> None:
    """Keep what is mounted from here on out of the host's view.

    A bind that is to stay a slave or a peer of the host's mount must be taken from one that still is.
    """
    kinds = {mount.propagation for mount in plan.mounts if mount.kind == "bind"} | {plan.root_propagation[0]}
    if m.MS_SHARED in kinds:
        return
    m.mount("", "/", "", m.MS_REC | (m.MS_SLAVE if m.MS_SLAVE in kinds else m.MS_PRIVATE))


def _open_source(mount: Mount) -> int:
    """Copy what is to be bound as a detached mount, before anything covers its path."""
    flags = m.OPEN_TREE_CLONE | (m.AT_RECURSIVE if mount.recursive else 0)
    try:
        # "/proc/<pid>/root/<path>"
        words = mount.source.split("/", 4)
        if len(words) == 5 and words[1] == "proc" and words[3] == "root" and words[2].isdecimal():
            return _borrow(int(words[2]), "/" + words[4], flags)
        if mount.subpath:
            return _part(mount.source, mount.subpath, flags)
        return m.open_tree(m.AT_FDCWD, mount.source, flags)
    except OSError as err:
        raise _mount_failure(mount, err) from err


def _borrow(process: int, path: str, flags: int) -> int:
    """Copy a mount of another container, as that container's own mount namespace has it.

    The kernel clones no mount of another namespace, so it is entered for that; and only there do the links
    on the path mean what they mean to that container.
    """
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        try:
            ns.setns(there, ns.CLONE_NEWNS)
        finally:
            os.close(there)
        try:
            return m.open_tree(m.AT_FDCWD, path, flags)
        finally:
            ns.setns(own, ns.CLONE_NEWNS)
    finally:
        os.close(own)


def _part(source: str, subpath: str, flags: int) -> int:
    """Copy a part of a source; links in it lead nowhere else, whoever wrote them."""
    whole = os.open(source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        part = open_inside(whole, subpath)
    finally:
        os.close(whole)
    try:
        return m.open_tree(part, "", flags | m.AT_EMPTY_PATH)
    finally:
        os.close(part)


def _mount_root(plan: Plan) -> int:
    if isinstance(plan.rootfs, Overlay):
        place = os.path.dirname(plan.rootfs.upper)
        _make_private(place, plan)
        overlay.mount(plan.rootfs, place)
        root = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    else:
        place = plan.rootfs.path
        _make_private(place, plan)
        root = m.open_tree(m.AT_FDCWD, place, m.OPEN_TREE_CLONE | m.AT_RECURSIVE)
        target = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        m.move_mount(root, target, place)
        os.close(target)
    m.mount_setattr(root, "", m.AT_EMPTY_PATH | m.AT_RECURSIVE, propagation=m.MS_PRIVATE)
    return root


def _make_private(place: str, plan: Plan) -> None:
    """Where the host's mounts stay shared, at least the one that the root is put on must not be."""
    if plan.root_propagation[0] == m.MS_PRIVATE and not any(
        t.propagation == m.MS_SHARED for t in plan.mounts
    ):
        return
    while True:
        try:
            m.mount("", place, "", m.MS_PRIVATE)
            return
        except OSError as err:
            if err.errno != errno.EINVAL or place == "/":
                raise
            place = posixpath.dirname(place)


def _add(root: int, mount: Mount, source: int, plan: Plan) -> None:
    if mount.kind == "cgroup":
        cgroup_mount(root, mount, plan)
        return
    ordinary = mount.fstype in _CLAIMS
    if mount.kind == "bind":
        fd = source
        target = make_directory(root, mount.target) if is_directory(fd) else make_file(root, mount.target)
        _set_attributes(fd, mount)
    else:
        target = _directory_target(root, mount.target, links=not ordinary)
        fd = _new(mount, target)
    _check_target(target, mount)
    m.move_mount(fd, target, mount.target)
    os.close(fd)
    os.close(target)


def _directory_target(root: int, path: str, *, links: bool) -> int:
    try:
        return make_directory(root, path, links=links)
    except OSError as err:
        if not links and err.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Refused(f'"{path}" must be mounted on ordinary directory', err.errno or 0) from err
        raise


def _new(mount: Mount, target: int) -> int:
    data = mount.data
    if mount.fstype == "tmpfs" and "mode=" not in data:
        # As Docker does: a tmpfs looks like the directory that it covers.
        mode = f"mode={os.fstat(target).st_mode & 0o7777:o}"
        data = f"{data},{mode}" if data else mode
    fd = m.new_mount(mount.fstype, data, mount.attr_set, mount.source)
    if mount.copy_up:
        copy_tree(target, fd)
    if mount.propagation:
        m.mount_setattr(fd, "", m.AT_EMPTY_PATH, propagation=mount.propagation)
    return fd


def _set_attributes(fd: int, mount: Mount) -> None:
    if mount.attr_set or mount.attr_clr:
        m.mount_setattr(fd, "", m.AT_EMPTY_PATH, attr_set=mount.attr_set, attr_clr=mount.attr_clr)
    if mount.tree_set or mount.tree_clr:
        flags = m.AT_EMPTY_PATH | m.AT_RECURSIVE
        m.mount_setattr(fd, "", flags, attr_set=mount.tree_set, attr_clr=mount.tree_clr)
    if mount.propagation:
        flags = m.AT_EMPTY_PATH | (m.AT_RECURSIVE if mount.propagate_tree else 0)
        m.mount_setattr(fd, "", flags, propagation=mount.propagation)


def _check_target(target: int, mount: Mount) -> None:
    """No mount lands inside /proc by way of a link, whatever the spec's words were (CVE-2023-27561)."""
    if mount.target in PROC_ALLOWED or mount.target == "/proc":
        return
    if statfs.fstatfs_type(target) == statfs.PROC_SUPER_MAGIC:
        raise Refused(f'mount destination "{mount.target}" is inside /proc')


def _check_claims(root: int, plan: Plan) -> None:
    """/proc and /sys must be what they claim, however the mounts above were made (CVE-2019-16884)."""
    for mount in plan.mounts:
        magic = statfs.PROC_SUPER_MAGIC if mount.target == "/proc" else _CLAIMS.get(mount.fstype)
        if magic is None:
            continue
        fd = open_inside(root, mount.target, links=False)
        if statfs.fstatfs_type(fd) != magic:
            raise Refused(f"{mount.target} is not a {mount.fstype} file system")
        os.close(fd)


def _make_devices(root: int, devices: Iterable[Device]) -> None:
    old = os.umask(0)
    dev = make_directory(root, "/dev")
    for device in devices:
        directory, name = posixpath.split(device.path)
        parent = dev if directory == "/dev" else make_directory(root, directory)
        _make_node(parent, name, device)
        if parent != dev:
            os.close(parent)
    for link, target in LINKS:
        try:
            os.symlink(target, posixpath.basename(link), dir_fd=dev)
        except FileExistsError:
            pass
    os.close(dev)
    os.umask(old)


def _make_node(parent: int, name: str, device: Device) -> None:
    number = os.makedev(device.major, device.minor)
    try:
        os.mknod(name, device.mode, number, dir_fd=parent)
    except FileExistsError:
        there = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if (there.st_mode & 0o170000, there.st_rdev) != (device.mode & 0o170000, number):
            raise Refused(f"{device.path} is there already and is another device") from None
        return
    if device.uid or device.gid:
        os.chown(name, device.uid, device.gid, dir_fd=parent, follow_symlinks=False)


def pivot(root: int) -> None:
    """Make the root this namespace's own and let go of the host's. pivot_root(2), the "." "." idiom."""
    old = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fchdir(root)
    m.pivot_root(".", ".")
    os.fchdir(old)
    # What is unmounted below must not be unmounted in the host.
    m.mount("", ".", "", m.MS_SLAVE | m.MS_REC)
    m.umount2(".", m.MNT_DETACH)
    os.close(old)
    os.chdir("/")


def protect(root: int, plan: Plan) -> None:
    """Cover the masked paths, make the read-only ones so, then the root itself."""
    _mask(root, plan.masked)
    for path in plan.readonly:
        _make_readonly(root, path)
    flag, tree = plan.root_propagation
    if flag != m.MS_PRIVATE:
        m.mount_setattr(root, "", m.AT_EMPTY_PATH | (m.AT_RECURSIVE if tree else 0), propagation=flag)
    if plan.readonly_root:
        m.mount_setattr(root, "", m.AT_EMPTY_PATH, attr_set=m.MOUNT_ATTR_RDONLY)


def _mask(root: int, paths: Iterable[str]) -> None:
    null = empty = -1
    for path in paths:
        try:
            target = open_inside(root, path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if is_directory(target):
            if empty < 0:
                empty = m.new_mount("tmpfs", "", m.MOUNT_ATTR_RDONLY, "tmpfs")
            cover = empty
        else:
            if null < 0:
                null = _null_device(root)
            cover = null
        copy = m.open_tree(cover, "", m.OPEN_TREE_CLONE | m.AT_EMPTY_PATH)
        m.move_mount(copy, target, path)
        os.close(copy)
        os.close(target)
    for fd in (null, empty):
        if fd >= 0:
            os.close(fd)


def _null_device(root: int) -> int:
    """Open /dev/null of the container, sure that it is the null device (CVE-2025-31133)."""
    fd = open_inside(root, "/dev/null", links=False)
    if not is_device(fd, 1, 3):
        raise Refused("/dev/null of the container is not the null device")
    return fd


def _make_readonly(root: int, path: str) -> None:
    try:
        target = open_inside(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return
    flags = m.OPEN_TREE_CLONE | m.AT_EMPTY_PATH | m.AT_RECURSIVE
    copy = m.open_tree(target, "", flags)
    m.mount_setattr(copy, "", m.AT_EMPTY_PATH | m.AT_RECURSIVE, attr_set=m.MOUNT_ATTR_RDONLY)
    m.move_mount(copy, target, path)
    os.close(copy)
    os.close(target)
