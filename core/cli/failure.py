"""How a command ends badly."""

from __future__ import annotations


class Failure(Exception):
    """An error of the command line itself, printed as it is; `status` is the exit code."""

    def __init__(self, message: str = "", status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class UsageError(Failure):
    """The command was called wrongly: a flag or argument. The message is followed by how to call it."""
