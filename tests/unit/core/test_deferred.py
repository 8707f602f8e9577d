"""Things made at first use."""

from __future__ import annotations

import sys

from pydock.core.deferred import deferred, module


class _Counter:
    made = 0

    def __init__(self) -> None:
        _Counter.made += 1

    def add(self, number: int) -> int:
        return number + 1


def test_is_made_once_and_with_its_first_use() -> None:
    _Counter.made = 0
    one = deferred(_Counter)
    assert _Counter.made == 0
    assert (one.add(1), one.add(2)) == (2, 3)
    assert _Counter.made == 1


def test_a_function_is_called_as_itself() -> None:
    one = deferred(lambda: max)
    assert one(1, 2) == 2


def test_a_module_is_imported_when_something_of_it_is_asked_for() -> None:
    sys.modules.pop("encodings.rot_13", None)
    codec = module("encodings", "rot_13")
    assert "encodings.rot_13" not in sys.modules
    assert codec.getregentry().name == "rot-13"
