"""Starting the spawner from an engine.

The interpreter runs from a detached, read-only mount of its own file: what is forked from it and enters a
container has a `/proc/self/exe` that nobody can open for writing (CVE-2019-5736). Where the kernel can't do
that (before 5.12, or without the right to mount) it runs from a sealed copy in memory.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

from ...linux import mount as m

_BOOT = "import sys; sys.path.append(sys.argv[2]); from pydock.core.runtime.spawner.main import main; main()"
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def start(log: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a spawner; the socket is the engine's end. What goes wrong inside is written to `log`.

    Returns before it is ready: what is sent meanwhile waits in the socket. It ends when the socket is closed.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = _program(os.path.realpath(sys.executable))
    errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        # `-I`: no PYTHON* variables, nothing imported from where the engine was started. `-S`: no site.
        arguments = [os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8", "-c", _BOOT]
        process = subprocess.Popen(
            [*arguments, str(theirs.fileno()), _home(), *_module_path()],
            executable=f"/proc/self/fd/{program}",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=(theirs.fileno(), program),
            env=_environment(),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        os.close(program)
        os.close(errors)
    ours.setblocking(False)
    return process, ours


def _program(path: str) -> int:
    try:
        tree = m.open_tree(m.AT_FDCWD, path, m.OPEN_TREE_CLONE)
        try:
            m.mount_setattr(tree, "", m.AT_EMPTY_PATH, attr_set=m.MOUNT_ATTR_RDONLY)
        except BaseException:
            os.close(tree)
            raise
        return tree
    except OSError as err:
        if err.errno not in (errno.ENOSYS, errno.EPERM, errno.EINVAL):
            raise
        return _sealed_copy(path)


def _sealed_copy(path: str) -> int:
    copy = os.memfd_create("python", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(path, "rb") as file:
        while os.sendfile(copy, file.fileno(), None, 1 << 20):
            pass
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
    return copy


def _home() -> str:
    """The directory that `pydock` is imported from: `.src` of a checkout, or site-packages."""
    return os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))


def _module_path() -> list[str]:
    """Where this engine finds modules, for the functions that workers are asked to run."""
    return [os.path.abspath(entry) for entry in sys.path if entry and os.path.isdir(entry)]


def _environment() -> dict[str, str]:
    """Nearly nothing: no container sees it. A shared libpython is found by the path it was installed to."""
    found = {"PATH": os.defpath}
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        found["LD_LIBRARY_PATH"] = str(sysconfig.get_config_var("LIBDIR"))
    return found
