"""The last steps before a program runs: console, limits, directory, filter, user, capabilities, exec.

Runs in the child, inside the container's root. The order is the kernel's: without no_new_privs a seccomp
filter needs CAP_SYS_ADMIN, so it goes in before the capabilities go; the user changes while they last.
"""

from __future__ import annotations

import errno
import os
import resource
import stat
from typing import NoReturn

from ..linux import capability, descriptors, keyctl, prctl, seccomp
from ..linux.execveat import execveat
from . import init, lookup
from .channel import Channel
from .failure import FAILED, Refused, exit_code_of, go_text
from .inside import make_directory, open_inside
from .process import Capabilities, Process


def become(
    process: Process, root: int, channel: Channel, *, keyring: str, apparmor: int, create_cwd: bool
) -> NoReturn:
    """Become the program. `root` is the container's root, `apparmor` where a profile is set, or -1."""
    channel.stage = "limits"
    for warning in set_rlimits(process):
        channel.warn(warning)
    channel.stage = "keyring"
    keyctl.join_session_keyring(keyring)
    channel.stage = "working directory"
    enter_directory(root, process.cwd, create_cwd)
    channel.stage = "user and capabilities"
    init_fd = init.open_program(process.init) if process.init else -1
    os.umask(process.umask)
    _change_user(process)
    channel.stage = "exec"
    _execute(process, init_fd, channel, apparmor)


def set_rlimits(process: Process) -> list[str]:
    """Set resource limits; what may not be raised is set as high as it may be, with a warning."""
    warnings = []
    for limit in process.rlimits:
        try:
            resource.setrlimit(limit.number, (limit.soft, limit.hard))
        except (ValueError, PermissionError):
            _, hard = resource.getrlimit(limit.number)
            soft = hard if limit.soft == -1 or (hard != -1 and limit.soft > hard) else limit.soft
            resource.setrlimit(limit.number, (soft, hard))
            warnings.append(
                f"{limit.name} may not be raised to {limit.hard} here: it is {soft} (soft), {hard} (hard)"
            )
    return warnings


def enter_directory(root: int, path: str, create: bool) -> None:
    """Change to a directory of the container, made when it isn't there, and prove that it is inside.

    A descriptor that leads out (/proc/self/fd/N) is a magic link and refused (CVE-2024-21626).
    """
    try:
        flags = os.O_PATH | os.O_DIRECTORY
        fd = make_directory(root, path) if create else open_inside(root, path, flags)
        os.fchdir(fd)
        os.close(fd)
        # The kernel answers with "(unreachable)", and the C library with an error, when it isn't inside.
        if not os.getcwd().startswith("/"):
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    except OSError as err:
        number = err.errno or 0
        words = f'chdir to cwd ("{path}") set in config.json failed: {go_text(number)}'
        code = FAILED if number == errno.ELOOP else exit_code_of(number)
        raise Refused(f"unable to start container process: {words}", number, code) from err


def _change_user(process: Process) -> None:
    if process.no_new_privileges:
        prctl.set_no_new_privs()
    elif process.seccomp:
        seccomp.install(process.seccomp, process.seccomp_flags)
    drop_bounding(process.capabilities)
    prctl.set_keepcaps(True)
    os.setgroups(process.groups)
    os.setresgid(process.gid, process.gid, process.gid)
    os.setresuid(process.uid, process.uid, process.uid)
    # The kernel makes a process dumpable again (or not) as it likes when its user changes.
    prctl.set_dumpable(False)
    capability.capset(process.capabilities.effective, process.capabilities.permitted, 0)
    prctl.set_keepcaps(False)
    if process.seccomp and process.no_new_privileges:
        seccomp.install(process.seccomp, process.seccomp_flags)


def drop_bounding(capabilities: Capabilities) -> None:
    """Drop what isn't in the container's bounding set, and empty the ambient one."""
    for number in range(len(capability.NAMES)):
        if not capabilities.bounding >> number & 1:
            try:
                prctl.drop_bounding(number)
            except OSError as err:
                if err.errno != errno.EINVAL:  # EINVAL: a capability that this kernel does not know.
                    raise
    prctl.clear_ambient()


def _execute(process: Process, init_fd: int, channel: Channel, apparmor: int) -> NoReturn:
    path = lookup.program(process.args[0], process.env)
    if apparmor >= 0:
        os.write(apparmor, f"exec {process.apparmor}".encode())
    descriptors.close_range(3, flags=descriptors.CLOSE_RANGE_CLOEXEC)
    prctl.set_pdeathsig(0)
    channel.executing()
    try:
        if init_fd >= 0:
            execveat(init_fd, (init.NAME, "--", *process.args), process.env)
        environment = [os.fsencode(variable) for variable in process.env]
        _execve(path, process.args, environment)
    except OSError as err:
        number = err.errno or 0
        words = f"exec {path}: {go_text(number)}"
        raise Refused(words, number, exit_code_of(number)) from err
    raise AssertionError("execve returned")


def _execve(path: str, args: tuple[str, ...], environment: list[bytes]) -> None:
    # A dictionary keeps the last of two equal names where the list would keep both, as Docker's does.
    pairs = dict(variable.partition(b"=")[::2] for variable in environment)
    os.execve(path, args, pairs)


def own_stdio(uid: int) -> None:
    """Give descriptors 0 to 2 to the container's user, so that it may open /dev/stdout by name."""
    for fd in (0, 1, 2):
        there = os.fstat(fd)
        shared = stat.S_ISREG(there.st_mode) or there.st_rdev == os.makedev(1, 3)
        if there.st_uid == uid or shared:
            continue
        try:
            os.fchown(fd, uid, -1)
        except OSError as err:
            if err.errno not in (errno.EINVAL, errno.EPERM, errno.EROFS):
                raise
