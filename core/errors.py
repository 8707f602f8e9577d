"""One kind per outcome that a caller can act on, and its HTTP status.

Server and client use the same table, so `except NotFound` reads the same embedded and remote
(https://docs.docker.com/reference/api/engine/, "Errors").
"""

from __future__ import annotations

from typing import ClassVar


class PydockError(Exception):
    """Base of all outcomes that are told to a user in one line."""

    status: ClassVar[int] = 500

    @property
    def message(self) -> str:
        return str(self)


class Invalid(PydockError):
    """The request itself is wrong: a bad name, flag, reference or value."""

    status = 400


class Unauthorized(PydockError):
    """Credentials are missing or refused."""

    status = 401


class Forbidden(PydockError):
    """The object exists but this caller or this engine must not do that to it."""

    status = 403


class NotFound(PydockError):
    """The named object does not exist."""

    status = 404


class Conflict(PydockError):
    """The object's state, or another object, stands in the way."""

    status = 409


class NotModified(PydockError):
    """Nothing had to be done: a started container was started."""

    status = 304


class Internal(PydockError):
    """The engine or the kernel failed; the message names what and where."""

    status = 500


class Exhausted(Internal):
    """A pool (addresses, ports) has nothing left."""


class NoSpace(Internal):
    """The file system that holds the state is full."""


class StartFailed(PydockError):
    """A container's or exec's first program could not be started.

    `exit_code` is what `docker run` exits with: 127 not found, 126 not executable, else 128. Status 400, as
    dockerd answers for a command that can't be run.
    """

    status = 400

    def __init__(self, message: str, exit_code: int = 128) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Unsupported(PydockError):
    """Known, and not built or not to be had on this machine."""

    status = 501


class Unavailable(PydockError):
    """The engine, daemon or registry can't be reached now."""

    status = 503


_BY_STATUS: dict[int, type[PydockError]] = {
    304: NotModified,
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    501: Unsupported,
    503: Unavailable,
}


def from_status(status: int, message: str) -> PydockError:
    """Make the error that a response of this status stands for; other 4xx are Invalid, 5xx Internal."""
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = Invalid if 400 <= status < 500 else Internal
    return kind(message)
