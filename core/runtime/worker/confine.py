"""The walls around a worker: mount namespace, root, capabilities, imports."""

from __future__ import annotations

import importlib.machinery
import os
import sys

from ...linux import capability, prctl
from ...linux import mount as m
from ...linux import namespace as ns
from ...rootfs import Directory, Rootfs
from .. import capabilities, overlay

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


def enter(root: Rootfs) -> None:
    """Make `root` the whole file system of this process; the host's is out of reach afterwards."""
    ns.unshare(ns.CLONE_NEWNS)
    m.mount("", "/", "", m.MS_REC | m.MS_PRIVATE)
    if isinstance(root, Directory):
        place = root.path
        tree = m.open_tree(m.AT_FDCWD, place, m.OPEN_TREE_CLONE | m.AT_RECURSIVE)
        target = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        m.move_mount(tree, target, place)
        os.close(target)
        os.fchdir(tree)
        os.close(tree)
    else:
        place = os.path.dirname(root.upper)
        overlay.mount(root, place)
        os.chdir(place)
    # pivot_root(2), NOTES: the old root lies on top of the new one until it is unmounted.
    m.pivot_root(".", ".")
    m.umount2(".", m.MNT_DETACH)
    os.chdir("/")


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
