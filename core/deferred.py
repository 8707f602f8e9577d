"""Things made at their first use: a short command pays only for what it asks for.

Where a name is a module, type checkers see the plain import:

    if TYPE_CHECKING:
        from . import life
    else:
        life = module(__package__, "life")
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar, cast

T = TypeVar("T")


class _Deferred:
    """Stands for what `make` returns, and makes it when something of it is asked for."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        if name == "_made":
            self._made = self._make()
            return self._made
        return getattr(self._made, name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        made: Any = self._made
        return made(*args, **named)


def deferred(make: Callable[[], T]) -> T:
    """Return what behaves as `make()`, which is called when it is used first. For calls and reading only."""
    return cast(T, _Deferred(make))


def module(package: str | None, name: str) -> Any:
    """Return a module that is imported when it is used first; relative to `package`."""
    return _Deferred(lambda: import_module(f"{package}.{name}"))
