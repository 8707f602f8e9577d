"""Files that are whole or absent: written aside, synced, renamed (STYLE rule 18)."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from .errors import Internal, NoSpace, PydockError


def atomic_write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `data` so that a crash at any moment leaves the old or the new content."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make renames and new names in `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove `path` and all below it, never following links; absent is fine.

    The tree must not be writable by anyone else while it is removed: move it aside first.
    """
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        path.unlink(missing_ok=True)


def storage_error(err: OSError, doing: str) -> PydockError:
    """Tell a failed write to the state's file system in one line: `no space left: loading image …`."""
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" ({err.filename})" if err.filename else ""
        return NoSpace(f"no space left on device: {doing}{where}: free some space and try again")
    return Internal(f"{doing}: {err.strerror or err}" + (f": {err.filename}" if err.filename else ""))
