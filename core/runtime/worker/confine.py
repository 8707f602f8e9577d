"""The walls around a worker: mount namespace, root, capabilities, imports."""

from __future__ import annotations

import contextlib
import importlib.machinery
import os
import sys

from ...linux import capability, prctl
from ...linux import mount as m
from ...linux import namespace as ns
from ...rootfs import Bind, Directory, Furnished, Occupied, View
from .. import capabilities, overlay
from ..inside import is_directory, make_directory, make_file, open_inside

# What unpacking, packing and copying take: any owner, mode and device. SYS_ADMIN is for the kernel's
# trusted.overlay.* attributes, which tell an opaque directory.
KEPT = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_MKNOD",
    "CAP_SETFCAP",
    "CAP_SYS_ADMIN",
    "CAP_SYS_CHROOT",
)


def enter(root: View, namespace: int = -1) -> None:
    """Make `root` the whole file system of this process; the host's is out of reach afterwards.

    `namespace` is the mount namespace of an Occupied one; it is closed.
    """
    if isinstance(root, Occupied):
        _occupy(root, namespace)
        return
    ns.unshare(ns.CLONE_NEWNS)
    m.mount("", "/", "", m.MS_REC | m.MS_PRIVATE)
    if isinstance(root, Furnished):
        _furnish(root)
    elif isinstance(root, Directory):
        place = root.path
        tree = m.open_tree(m.AT_FDCWD, place, m.OPEN_TREE_CLONE | m.AT_RECURSIVE)
        _attach(tree, place)
        os.fchdir(tree)
        os.close(tree)
    else:
        place = os.path.dirname(root.upper)
        overlay.mount(root, place)
        os.chdir(place)
    _pivot()


def _attach(tree: int, place: str) -> None:
    target = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    m.move_mount(tree, target, place)
    os.close(target)


def _pivot() -> None:
    """Make the working directory the root. The old one lies on top until it is unmounted: pivot_root(2)."""
    m.pivot_root(".", ".")
    m.umount2(".", m.MNT_DETACH)
    os.chdir("/")


def _occupy(root: Occupied, namespace: int) -> None:
    """Enter a copy of a container's mount namespace, which the container itself does not see.

    Whoever shares a pid namespace with the container finds nothing of this process in /proc.
    """
    prctl.set_dumpable(False)
    ns.setns(namespace, ns.CLONE_NEWNS)
    os.close(namespace)
    ns.unshare(ns.CLONE_NEWNS)
    m.mount("", "/", "", m.MS_REC | m.MS_PRIVATE)
    if root.bare:
        tree = m.open_tree(m.AT_FDCWD, "/", m.OPEN_TREE_CLONE)
        _attach(tree, "/")
        os.fchdir(tree)
        os.close(tree)
        _pivot()
    else:
        for place in ("/proc", "/sys"):
            # As with dockerd: what is there is the kernel's and nothing to be copied.
            with contextlib.suppress(OSError):
                m.umount2(place, m.MNT_DETACH | m.UMOUNT_NOFOLLOW)
    os.chdir("/")
    _forbid_devices()


def _furnish(root: Furnished) -> None:
    """Mount a root with its binds, each target opened within that root; becomes the working directory."""
    sources = [_open_source(bind) for bind in root.binds]
    if isinstance(root.rootfs, Directory):
        place = root.rootfs.path
        tree = m.open_tree(m.AT_FDCWD, place, m.OPEN_TREE_CLONE)
        _attach(tree, place)
    else:
        place = os.path.dirname(root.rootfs.upper)
        overlay.mount(root.rootfs, place)
        tree = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for bind, source in zip(root.binds, sources, strict=True):
        target = make_directory(tree, bind.target) if is_directory(source) else make_file(tree, bind.target)
        m.move_mount(source, target, bind.target)
        os.close(source)
        os.close(target)
    os.fchdir(tree)
    os.close(tree)
    _forbid_devices()


def _open_source(bind: Bind) -> int:
    deep = m.AT_RECURSIVE if bind.recursive else 0
    source = os.open(bind.source, os.O_PATH | os.O_CLOEXEC)
    if bind.subpath:
        whole, source = source, open_inside(source, bind.subpath)
        os.close(whole)
    place, source = source, m.open_tree(source, "", m.OPEN_TREE_CLONE | m.AT_EMPTY_PATH | deep)
    os.close(place)
    if not bind.writable:
        m.mount_setattr(source, "", m.AT_EMPTY_PATH | deep, attr_set=m.MOUNT_ATTR_RDONLY)
    return source


def _forbid_devices() -> None:
    """No device node of a stranger's tree can be opened by mistake or by a race."""
    m.mount_setattr(m.AT_FDCWD, ".", m.AT_RECURSIVE, attr_set=m.MOUNT_ATTR_NODEV)


def drop() -> None:
    """Keep only the capabilities in KEPT, and never gain any."""
    prctl.set_no_new_privs()
    prctl.clear_ambient()
    _, permitted, _ = capability.capget()
    kept = permitted & capabilities.mask(KEPT)
    capability.capset(kept, kept, 0)


def close_imports() -> None:
    """Find no module on the file system any more: it may be a stranger's."""
    sys.path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter]
