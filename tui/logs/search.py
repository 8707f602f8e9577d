"""Finding in a log: hits are a view of their own, so they grow while the log does."""

from __future__ import annotations

from .filter import Filter
from .store import Lines
from .view import LineView

_MOST_SPANS = 200


class Search:
    """What is looked for among the lines that pass `filters`."""

    def __init__(self, lines: Lines, query: Filter, *filters: Filter) -> None:
        self.query = query
        self.hits = LineView(lines, *filters, query)
        self.current: int | None = None
        self._expression = query.expression()

    def move(self, start: int, forward: bool) -> int | None:
        """Go to the next hit from line `start`, around the end when there is none; returns its line."""
        hits = self.hits
        if not len(hits):
            return None
        found = hits.step(start, 1 if forward else -1)
        if found is None:
            found = hits.at(0 if forward else len(hits) - 1)
        self.current = found
        return found

    @property
    def position(self) -> tuple[int, int]:
        """(which hit is current, counted from 1 or 0 for none; how many there are)."""
        at = 0 if self.current is None else self.hits.index(self.current) + 1
        return at, len(self.hits)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the hits stand in a shown line."""
        if self._expression is None:
            return []
        spans = []
        for found in self._expression.finditer(text):
            if found.end() > found.start():
                spans.append(found.span())
            if len(spans) == _MOST_SPANS:
                break
        return spans
