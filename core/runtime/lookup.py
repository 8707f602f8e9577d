"""Finding a program along the container's own PATH, with Docker's words when it isn't there (execvp(3))."""

from __future__ import annotations

import errno
import os
import stat

from .failure import NOT_EXECUTABLE, NOT_FOUND, Refused, exit_code_of, go_text

#: Where to look when the container has no PATH.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str, env: tuple[str, ...]) -> str:
    """Give the path of program `name`, as the calling user sees it, from the calling directory.

    Raises Refused with Docker's exit code 127 (not found) or 126 (not executable).
    """
    if "/" in name:
        _check(name, name)
        return name
    refusal: Refused | None = None
    for directory in _path(env).split(":"):
        candidate = os.path.join(directory or ".", name)
        try:
            _check(candidate, name)
        except Refused as err:
            if err.errno == errno.EACCES:
                refusal = err
            continue
        return candidate
    if refusal is not None:
        raise refusal
    raise Refused(f'exec: "{name}": executable file not found in $PATH', errno.ENOENT, NOT_FOUND)


def _path(env: tuple[str, ...]) -> str:
    for variable in reversed(env):
        if variable.startswith("PATH="):
            return variable[5:]
    return DEFAULT_PATH


def _check(path: str, name: str) -> None:
    try:
        there = os.stat(path)
    except OSError as err:
        number = err.errno or 0
        words = f'exec: "{name}": stat {path}: {go_text(number)}'
        raise Refused(words, number, exit_code_of(number)) from err
    if stat.S_ISDIR(there.st_mode):
        # Docker 28 says it so, too, though the kernel would speak of a directory.
        raise Refused(f'exec: "{name}": permission denied', errno.EISDIR, NOT_EXECUTABLE)
    if not os.access(path, os.X_OK, effective_ids=True):
        raise Refused(f'exec: "{name}": permission denied', errno.EACCES, NOT_EXECUTABLE)
