"""What can go wrong between clone and exec, in Docker's words (docker run's exit codes 126, 127 and 128)."""

from __future__ import annotations

import errno as codes
import os

from ..errors import StartFailed

NOT_FOUND, NOT_EXECUTABLE, FAILED = 127, 126, 128

#: (stage, errno, message, exit code), as it crosses from the child to its parent.
Report = tuple[str, int, str, int]


class LaunchError(StartFailed):
    """A process that could not be started. `str()` is Docker's wording.

    `stage` is the step that failed, `errno` its cause (0 when there is none). `exit_code` is what Docker
    reports: 127 not found, 126 not executable, else 128.
    """

    def __init__(self, stage: str, errno: int, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message, exit_code)
        self.stage = stage
        self.errno = errno


class Refused(Exception):
    """Raised in the child for a finding of our own, or a kernel error that already has its words."""

    def __init__(self, message: str, errno: int = 0, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.errno = errno
        self.exit_code = exit_code


def exit_code_of(errno: int) -> int:
    """Docker's rule for what keeps a command from running."""
    if errno in (codes.ENOENT, codes.ENOTDIR):
        return NOT_FOUND
    if errno in (codes.EACCES, codes.EPERM, codes.EISDIR, codes.ENOEXEC):
        return NOT_EXECUTABLE
    return FAILED


def go_text(errno: int) -> str:
    """Give the kernel's message as Go (and so Docker) writes it: "no such file or directory"."""
    text = os.strerror(errno)
    return text[:1].lower() + text[1:]


def report(stage: str, err: BaseException) -> Report:
    """Put into words what ended a stage."""
    match err:
        case Refused():
            return stage, err.errno, f"{err}: unknown", err.exit_code
        case OSError():
            errno = err.errno or 0
            where = f" {err.filename}" if err.filename else ""
            return stage, errno, f"error during container init: {stage}:{where}: {go_text(errno)}", FAILED
        case _:
            return stage, 0, f"error during container init: {stage}: {type(err).__name__}: {err}", FAILED
