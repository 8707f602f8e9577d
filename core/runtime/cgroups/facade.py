"""What can be done with a container's cgroup, whichever interface the kernel has. Blocking, OSError out.

On a hybrid machine the v2 hierarchy has no controllers, but it has what v1 lacks: an atomic kill, a freezer
that tells when it is done, and an event when the group is empty. So it is used beside v1's controllers.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import time

from ...linux import bpf
from . import devices, v1, v2
from .files import below, read, read_or, table, write
from .records import Group, Resources, Usage

# v1 has no event for "frozen" and none for "empty": there the state is read again after this pause.
_PAUSE = 0.002
_FREEZE_TIMEOUT = 10.0


def create(group: Group) -> None:
    """Make the directories of the group, and what a v1 cpuset or a v2 subtree needs before use."""
    create_v2(group)
    create_v1(group)


def create_v2(group: Group) -> None:
    """Make the part of the group that a process can be born in (`open_v2`)."""
    _create(group, [pair for pair in group.directories if not pair[0]])


def create_v1(group: Group) -> None:
    """Make the part that a process has to `join`."""
    _create(group, [pair for pair in group.directories if pair[0]])


def _create(group: Group, directories: list[tuple[str, str]]) -> None:
    for controller, directory in directories:
        parent = os.path.dirname(directory)
        try:
            os.mkdir(directory, 0o755)
        except FileNotFoundError:
            os.makedirs(parent, 0o755, exist_ok=True)
            os.mkdir(directory, 0o755)
        except FileExistsError:
            pass
        top = directory[: -len(group.path)]
        if controller == "cpuset":
            _fill_cpuset(top, directory)
        elif controller == "" and group.version == 2:
            _enable_controllers(top, parent)


def _ancestors(top: str, directory: str) -> list[str]:
    """Give the directories from `top` to `directory`, both included."""
    names = directory[len(top) :].strip("/").split("/") if directory != top else []
    return [top, *("/".join([top, *names[: n + 1]]) for n in range(len(names)))]


def _fill_cpuset(top: str, directory: str) -> None:
    """A v1 cpuset takes no process before it has cpus and memory nodes: give it its parent's."""
    for child in _ancestors(top, directory)[1:]:
        for name in ("cpuset.cpus", "cpuset.mems"):
            if not read(child, name).strip():
                write(child, name, read(os.path.dirname(child), name))


def _enable_controllers(top: str, parent: str) -> None:
    for directory in _ancestors(top, parent):
        there = set(read(directory, "cgroup.controllers").split())
        enabled = set(read(directory, "cgroup.subtree_control").split())
        wanted = [c for c in v2.CONTROLLERS if c in there and c not in enabled]
        if wanted:
            write(directory, "cgroup.subtree_control", " ".join(f"+{c}" for c in wanted))


def apply(group: Group, limits: Resources) -> tuple[str, ...]:
    """Set limits, at the start or of a running container; give warnings for what this kernel lacks.

    Raises OSError (with the file's name) for a limit that the kernel refuses.
    """
    if group.version == 0:
        return ("this machine has no cgroups: no limit is applied",) if limits != Resources() else ()
    pairs = v1.writes(limits) if group.version == 1 else v2.writes(limits)
    if group.version == 1 and v1.swapped_first(group, limits):
        pairs[0], pairs[1] = pairs[1], pairs[0]
    warnings = []
    for controller, name, value in pairs:
        try:
            write(group.directory(controller) or "/nonexistent", name, value)
        except FileNotFoundError:
            warnings.append(f"this kernel has no {name}: limit discarded")
    if group.version == 2 and limits.devices is not None:
        _attach_devices(group, limits)
    return tuple(dict.fromkeys(warnings))


def _attach_devices(group: Group, limits: Resources) -> None:
    fd = bpf.load_device_program(devices.program(limits.devices or ()))
    try:
        bpf.attach_device_program(group.directory(""), fd)
    finally:
        os.close(fd)


def join(group: Group, *, born_in_v2: bool = False) -> None:
    """Move the caller, which has a single thread, into the group, in every controller.

    `born_in_v2` leaves out the v2 hierarchy, for a process that was cloned into it.
    """
    # A thread that moves itself ("tasks", 0) needs no lock; a whole process waits for the kernel to have
    # stopped all forks (cgroup_threadgroup_rwsem), which takes 5 to 60 ms on a machine that is busy.
    for directory in dict.fromkeys(directory for name, directory in group.directories if name):
        write(directory, "tasks", "0")
    unified = group.directory("")
    if unified and not born_in_v2:
        write(unified, "cgroup.procs", "0")


def open_v2(group: Group) -> int:
    """Open the group's v2 directory for clone3, -1 where there is none; close-on-exec."""
    directory = group.directory("")
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if directory else -1


def freeze(group: Group) -> None:
    """Stop all processes of the group; return when they are frozen. Raises TimeoutError."""
    unified = group.directory("")
    if unified:
        write(unified, "cgroup.freeze", "1")
        if not _wait_event(unified, "frozen", 1, time.monotonic() + _FREEZE_TIMEOUT):
            raise TimeoutError(errno.ETIMEDOUT, "cgroup does not freeze", unified)
        return
    _freeze_v1(_freezer(group))


def _freezer(group: Group) -> str:
    directory = group.directory("freezer")
    if not directory:
        raise OSError(errno.EOPNOTSUPP, "this machine has no freezer cgroup", group.path)
    return directory


def _freeze_v1(directory: str) -> None:
    deadline = time.monotonic() + _FREEZE_TIMEOUT
    write(directory, "freezer.state", "FROZEN")
    while read(directory, "freezer.state").strip() != "FROZEN":
        if time.monotonic() > deadline:
            write(directory, "freezer.state", "THAWED")
            raise TimeoutError(errno.ETIMEDOUT, "cgroup does not freeze", directory)
        time.sleep(_PAUSE)
        # A process forked meanwhile is caught by writing again.
        write(directory, "freezer.state", "FROZEN")


def thaw(group: Group) -> None:
    """Let the processes of the group go on."""
    unified = group.directory("")
    if unified:
        write(unified, "cgroup.freeze", "0")
    else:
        write(_freezer(group), "freezer.state", "THAWED")


def frozen(group: Group) -> bool:
    """Tell whether the group is frozen."""
    unified = group.directory("")
    if unified:
        return read_or(unified, "cgroup.freeze", "0").strip() == "1"
    return read_or(group.directory("freezer"), "freezer.state", "THAWED").strip() != "THAWED"


def kill(group: Group) -> None:
    """Kill every process of the group and of groups below it (SIGKILL), including those it forks meanwhile.

    Returns at once; `remove` waits for the end of what was killed. A group that isn't there is no error.
    """
    unified = group.directory("")
    if unified:
        try:
            write(unified, "cgroup.kill", "1")
        except FileNotFoundError:
            pass  # The group is gone, or the kernel is older than 5.14.
    if pids(group):
        _kill_frozen(group)


def _kill_frozen(group: Group) -> None:
    """Freeze where that can be done, so that nothing forks away, then kill one by one and thaw."""
    freezer = group.directory("freezer")
    if freezer and group.version == 1:
        try:
            _freeze_v1(freezer)
        except (FileNotFoundError, TimeoutError):
            pass
    try:
        for pid in pids(group):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    finally:
        if freezer and group.version == 1:
            try:
                write(freezer, "freezer.state", "THAWED")
            except FileNotFoundError:
                pass


def remove(group: Group, timeout: float = 10.0) -> None:
    """Remove the group and what is below it, waiting for its processes to be gone, at most `timeout` seconds.

    A group that isn't there is no error. Raises OSError EBUSY when processes remain.
    """
    deadline = time.monotonic() + timeout
    unified = group.directory("")
    for _, directory in sorted(group.directories, key=lambda pair: pair[0] == ""):
        while not _remove_tree(directory):
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), directory)
            if unified and table(unified, "cgroup.events").get("populated"):
                _wait_event(unified, "populated", 0, deadline)
            else:
                # The last process is between leaving the group and letting go of it: there is no event.
                time.sleep(_PAUSE)


def _remove_tree(directory: str) -> bool:
    for path in below(directory):
        try:
            os.rmdir(path)
        except FileNotFoundError:
            continue
        except OSError as err:
            if err.errno != errno.EBUSY:
                raise
            return False
    return True


def _wait_event(directory: str, key: str, value: int, deadline: float) -> bool:
    """Wait until cgroup.events (v2) says `key value`; tell whether it did before the deadline."""
    try:
        fd = os.open(f"{directory}/cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        poll = select.poll()
        poll.register(fd, select.POLLPRI)
        while f"{key} {value}" not in os.pread(fd, 4096, 0).decode().splitlines():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            poll.poll(left * 1000)
        return True
    except OSError as err:
        if err.errno != errno.ENODEV:  # ENODEV: removed while it was open.
            raise
        return True
    finally:
        os.close(fd)


def oom_kills(group: Group) -> int:
    """Count the processes that the kernel killed for want of memory in this group since it was made.

    0 when the group is gone or not counted. Read it before `remove`.
    """
    return v1.oom_kills(group) if group.version == 1 else v2.oom_kills(group)


def pids(group: Group) -> tuple[int, ...]:
    """List the processes of the group and of groups below it, as pids of the caller's pid namespace."""
    found: dict[int, None] = {}
    for controller in ("", "pids", "freezer", "memory", "name=systemd"):
        directory = group.directory(controller)
        for path in below(directory) if directory else ():
            found |= dict.fromkeys(map(int, read_or(path, "cgroup.procs", "").split()))
        if found and group.version == 2:
            break
    return tuple(sorted(found))


def stats(group: Group) -> Usage:
    """Read what the group uses. Raises FileNotFoundError when it is gone."""
    for _, directory in group.directories[:1]:
        os.stat(directory)
    return v1.stats(group) if group.version == 1 else v2.stats(group)
