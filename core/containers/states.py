"""What may happen to a container in which state: one table, and an illegal move raises."""

from __future__ import annotations

from enum import StrEnum

from ..errors import Internal


class Status(StrEnum):
    """Docker's `State.Status`."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"


class Move(StrEnum):
    """What changes a state. RELAPSE is an exit after which the shim starts the container again."""

    START = "start"
    FAIL = "fail"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    RELAPSE = "relapse"
    EXIT = "exit"
    BURY = "bury"


_MOVES: dict[tuple[Status, Move], Status] = {
    (Status.CREATED, Move.START): Status.RUNNING,
    (Status.CREATED, Move.FAIL): Status.CREATED,
    (Status.CREATED, Move.BURY): Status.DEAD,
    (Status.RUNNING, Move.PAUSE): Status.PAUSED,
    (Status.RUNNING, Move.RELAPSE): Status.RESTARTING,
    (Status.RUNNING, Move.EXIT): Status.EXITED,
    (Status.PAUSED, Move.UNPAUSE): Status.RUNNING,
    (Status.PAUSED, Move.RELAPSE): Status.RESTARTING,
    (Status.PAUSED, Move.EXIT): Status.EXITED,
    (Status.RESTARTING, Move.START): Status.RUNNING,
    (Status.RESTARTING, Move.EXIT): Status.EXITED,
    (Status.RESTARTING, Move.FAIL): Status.EXITED,
    (Status.EXITED, Move.START): Status.RUNNING,
    (Status.EXITED, Move.FAIL): Status.EXITED,
    (Status.EXITED, Move.BURY): Status.DEAD,
    (Status.DEAD, Move.BURY): Status.DEAD,
}

# A process exists, or will again without anyone asking.
ALIVE = frozenset({Status.RUNNING, Status.PAUSED, Status.RESTARTING})


class IllegalMove(Internal):
    """A change of state that the table does not know: a bug, or a shim's journal out of order."""


def move(status: Status, change: Move) -> Status:
    """Return the state after `change`; raises IllegalMove."""
    try:
        return _MOVES[status, change]
    except KeyError:
        raise IllegalMove(f"container cannot {change} while it is {status}") from None
