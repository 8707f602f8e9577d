"""The terminal of a process, made by the container's own devpts, so that its name holds inside (pty(7))."""

from __future__ import annotations

import os

from ..linux import mount as m
from ..linux import statfs, tty
from .failure import Refused
from .inside import is_device, make_file, open_inside


def open_terminal(root: int, size: tuple[int, int], uid: int) -> tuple[int, int]:
    """Give (master, slave) from the devpts at /dev/pts of the root. `size` is (rows, columns) or (0, 0)."""
    master = open_inside(root, "/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY, links=False)
    if statfs.fstatfs_type(master) != statfs.DEVPTS_SUPER_MAGIC or not is_device(master, 5, 2):
        raise Refused("/dev/pts/ptmx of the container is not a terminal multiplexer")
    tty.unlock(master)
    slave = tty.open_peer(master)
    if size != (0, 0):
        tty.set_window_size(slave, *size)
    os.fchown(slave, uid, -1)
    return master, slave


def mount_console(root: int, master: int) -> None:
    """Bind the slave at /dev/console, as the first process's terminal."""
    path = f"/dev/pts/{tty.pty_number(master)}"
    source = open_inside(root, path, links=False)
    copy = m.open_tree(source, "", m.OPEN_TREE_CLONE | m.AT_EMPTY_PATH)
    target = make_file(root, "/dev/console")
    m.move_mount(copy, target, "/dev/console")
    for fd in (source, copy, target):
        os.close(fd)


def take(slave: int) -> None:
    """Make the slave the session's terminal and descriptors 0 to 2."""
    tty.set_controlling(slave)
    for fd in (0, 1, 2):
        os.dup2(slave, fd, inheritable=True)
    if slave > 2:
        os.close(slave)
