"""Figures: medians of runs, paired turn by turn with somebody else's."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Sample = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured. `theirs` is empty where no dockerd took part; `aim` is in the same unit."""

    name: str
    unit: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()
    aim: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.ours)

    @property
    def their_median(self) -> float | None:
        return statistics.median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """Theirs by ours: how many times less ours takes."""
        return None if self.their_median is None or not self.median else self.their_median / self.median

    def record(self) -> dict[str, object]:
        """The figure as JSON."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": round(self.median, 3),
            "min": round(min(self.ours), 3),
            "runs": len(self.ours),
            "dockerd_median": None if self.their_median is None else round(self.their_median, 3),
            "ratio": None if self.ratio is None else round(self.ratio, 2),
            "aim": self.aim,
            "note": self.note,
        }


@dataclass(slots=True)
class Pair:
    """Two ways to the same end, run in turn: ours, theirs, ours, theirs …, after a warm-up of each."""

    ours: Sample
    theirs: Sample | None
    runs: int = 15
    _ours: list[float] = field(default_factory=list)
    _theirs: list[float] = field(default_factory=list)

    async def figure(self, name: str, unit: str, aim: float | None = None, note: str = "") -> Figure:
        await self.ours()
        if self.theirs:
            await self.theirs()
        for _ in range(self.runs):
            self._ours.append(await self.ours())
            if self.theirs:
                self._theirs.append(await self.theirs())
        return Figure(name, unit, tuple(self._ours), tuple(self._theirs), aim, note)
