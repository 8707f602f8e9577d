from __future__ import annotations

import itertools

import pytest

from pydock.core.containers.states import ALIVE, IllegalMove, Move, Status, move


def test_a_whole_life() -> None:
    status = Status.CREATED
    for change in (Move.START, Move.PAUSE, Move.UNPAUSE, Move.RELAPSE, Move.START, Move.EXIT, Move.START):
        status = move(status, change)
    assert status is Status.RUNNING
    assert move(move(status, Move.EXIT), Move.BURY) is Status.DEAD


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (Status.CREATED, Move.EXIT),
        (Status.RUNNING, Move.START),
        (Status.EXITED, Move.PAUSE),
        (Status.PAUSED, Move.PAUSE),
        (Status.DEAD, Move.START),
        (Status.RUNNING, Move.BURY),
    ],
)
def test_an_illegal_move_raises(status: Status, change: Move) -> None:
    with pytest.raises(IllegalMove, match=f"cannot {change} while it is {status}"):
        move(status, change)


def test_only_a_start_makes_something_live() -> None:
    for status, change in itertools.product(Status, Move):
        if status in ALIVE:
            continue
        try:
            after = move(status, change)
        except IllegalMove:
            continue
        assert (after in ALIVE) == (change is Move.START)
