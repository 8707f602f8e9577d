"""How the screen is divided; pure."""

from __future__ import annotations

from collections.abc import Sequence

LEAST_WIDTH, LEAST_HEIGHT = 40, 10
# Frame and column titles.
OVERHEAD = 3
LEAST = 4


def classes(width: int, height: int) -> set[str]:
    """The layout's names for a terminal of this size, as CSS classes."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {"-tiny"}
    result = {"-wide" if width >= 140 else "-medium" if width >= 100 else "-narrow"}
    if height < 20:
        result.add("-short")
    return result


def heights(total: int, rows: Sequence[int], active: int) -> list[int]:
    """Share `total` lines among lists of so many rows, frames included.

    When all fit, the first takes what is left over. When not, each keeps a few lines and the active one gets
    the rest up to what it needs, then the others from the top.
    """
    wants = [count + OVERHEAD for count in (max(r, 1) for r in rows)]
    if sum(wants) <= total:
        wants[0] += total - sum(wants)
        return wants
    given = [min(want, LEAST) for want in wants]
    spare = total - sum(given)
    for index in (active, *(i for i in range(len(wants)) if i != active)):
        more = max(min(wants[index] - given[index], spare), 0)
        given[index] += more
        spare -= more
    return given
