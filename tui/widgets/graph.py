"""Braille line graphs: two samples a cell, four levels a line; plain bars where braille can't be shown."""

from __future__ import annotations

from collections.abc import Sequence

# Dots of a braille cell from the bottom up, left column and right column (Unicode 2800).
_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)
# Many fonts draw the empty pattern at another width, or as a box: a blank is a blank.
_BRAILLE = " " + "".join(chr(0x2800 + pattern) for pattern in range(1, 256))
_PLAIN = " .:-=+*#"


def braille(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """The last `2 * width` values as `height` lines of `width` cells, filled from below.

    `top` is the value at the upper edge; every value above nothing shows at least one dot.
    """
    levels = _levels(values[-2 * width :], 2 * width, height * 4, top)
    lines: list[str] = []
    for line in range(height - 1, -1, -1):
        low = line * 4
        lines.append(
            "".join(
                _BRAILLE[_column(levels[2 * x] - low, _LEFT) + _column(levels[2 * x + 1] - low, _RIGHT)]
                for x in range(width)
            )
        )
    return lines


def plain(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """The last `width` values in ASCII, one a cell."""
    steps = len(_PLAIN) - 1
    levels = _levels(values[-width:], width, height * steps, top)
    return [
        "".join(_PLAIN[max(0, min(level - line * steps, steps))] for level in levels)
        for line in range(height - 1, -1, -1)
    ]


def _levels(values: Sequence[float], slots: int, high: int, top: float) -> list[int]:
    scale = high / top if top > 0 else 0.0
    levels = [0 if value <= 0 else max(1, min(round(value * scale), high)) for value in values]
    return [0] * (slots - len(levels)) + levels


def _column(filled: int, dots: tuple[int, ...]) -> int:
    return sum(dots[: max(0, min(filled, 4))])


def ceiling(values: Sequence[float], least: float) -> float:
    """A round number above all values for the upper edge, so that the scale does not jump at each sample."""
    high = max([*values, least])
    step = least
    while step < high:
        for factor in (2, 2.5, 2):
            step *= factor
            if step >= high:
                break
    return step
