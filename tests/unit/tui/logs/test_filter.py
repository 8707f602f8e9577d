from __future__ import annotations

import pytest

from pydock.core.errors import Invalid
from pydock.tui.logs.filter import Filter, parse
from pydock.tui.logs.severity import Level
from pydock.tui.logs.store import Batch

LINES = [
    (1, 10, b"GET /index 200"),
    (2, 20, b"ERROR boom"),
    (1, 30, b"\x1b[31mgr\x1b[32meen\x1b[0m Caf\xc3\x89"),
    (0, 40, b"mark"),
    (1, 50, b"get /favicon 404"),
]
BATCH = Batch(
    0,
    [text for _, _, text in LINES],
    bytes(s for s, _, _ in LINES),
    [t for _, t, _ in LINES],
    bytes((0, 1, 0, 0, 1)),
)


@pytest.mark.parametrize(
    ("filter", "passing"),
    [
        (Filter(), [0, 1, 2, 3, 4]),
        (Filter("get"), [0, 3, 4]),
        (Filter("GET"), [0, 3]),
        (Filter("get", inverse=True), [1, 2, 3]),
        (Filter(r"\d{3}$", regex=True), [0, 3, 4]),
        (Filter("green"), [2, 3]),
        (Filter("café"), [2, 3]),
        (Filter(streams=frozenset((2,))), [1, 3]),
        (Filter(level=Level.ERROR), [1, 3]),
        (Filter(since=20, until=30), [1, 2, 3]),
        (Filter(muted=frozenset((1,))), [0, 2, 3]),
        (Filter("get", streams=frozenset((1,)), since=30), [3, 4]),
    ],
)
def test_select(filter: Filter, passing: list[int]) -> None:
    assert filter.select(BATCH) == passing


@pytest.mark.parametrize(
    ("query", "filter"),
    [
        ("a b", Filter("a b")),
        ("!healthz", Filter("healthz", inverse=True)),
        ("/5\\d\\d/", Filter("5\\d\\d", regex=True)),
        ("!/x/", Filter("x", regex=True, inverse=True)),
        ("!", Filter("!")),
        ("/", Filter("/")),
    ],
)
def test_parse(query: str, filter: Filter) -> None:
    assert parse(query) == filter


def test_bad_expression_is_a_plain_error() -> None:
    with pytest.raises(Invalid, match="not a regular expression"):
        parse("/(/")
