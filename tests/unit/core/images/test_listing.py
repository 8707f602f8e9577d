from __future__ import annotations

import pytest

from pydock.core.errors import Invalid
from pydock.core.filters import Filters
from pydock.core.images.listing import matches_pattern, summaries
from pydock.core.images.records import ImageRecord, LayerRecord, chain_ids
from pydock.core.reference import Reference

SECOND = 10**9


def image(name: str, created: int, layers: str = "", labels: dict[str, str] | None = None) -> ImageRecord:
    records = [
        LayerRecord(f"sha256:{c * 64}", f"sha256:{c * 64}", f"sha256:{c * 64}", 1, "", 10) for c in layers
    ]
    return ImageRecord(f"sha256:{name * 64}", "", records, created * SECOND, 0, labels or {})


IMAGES = [image("1", 100, "ab", {"tier": "front"}), image("2", 200, "ac", {"tier": "back"}), image("3", 300)]
NAMES = {
    IMAGES[0].id: [Reference.parse("web:1"), Reference.parse("quay.io/team/web:2")],
    IMAGES[1].id: [Reference.parse("db:1")],
}


def listed(**filters: str | tuple[str, ...]) -> list[str]:
    values = {
        key.replace("_not", "!"): value if isinstance(value, tuple) else (value,)
        for key, value in filters.items()
    }
    times = {"web:1": 100 * SECOND, "db:1": 200 * SECOND}
    return [row.id[7] for row in summaries(IMAGES, NAMES, Filters(values), times.__getitem__, False)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "321"),
        ({"dangling": "true"}, "3"),
        ({"dangling": "false"}, "21"),
        ({"label": "tier"}, "21"),
        ({"label": "tier=front"}, "1"),
        ({"label_not": "tier=front"}, "32"),
        ({"before": "db:1"}, "1"),
        ({"since": "web:1"}, "32"),
        ({"until": "200"}, "1"),
        ({"reference": "web"}, "1"),
        ({"reference": "*"}, "21"),
        ({"reference": "*/*/web"}, "1"),
        ({"reference": ("db:*", "nothing")}, "2"),
    ],
)
def test_filters(filters: dict[str, str], expected: str) -> None:
    assert "".join(listed(**filters)) == expected


def test_reference_filter_shows_the_names_that_match() -> None:
    (row,) = summaries(IMAGES, NAMES, Filters({"reference": ("quay.io/*/*",)}), lambda _: 0, False)
    assert row.repo_tags == ["quay.io/team/web:2"]


def test_shared_size_counts_layers_of_several_images() -> None:
    rows = summaries(IMAGES, NAMES, Filters(), lambda _: 0, True)
    assert [(row.size, row.shared_size) for row in rows] == [(0, 0), (20, 10), (20, 10)]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("web", True), ("web:1", True), ("w*", True), ("w?b:[0-9]", True), ("we", False), ("*:2", False)],
)
def test_patterns(pattern: str, matches: bool) -> None:
    assert matches_pattern(pattern, Reference.parse("web:1")) is matches


def test_broken_pattern_is_told() -> None:
    with pytest.raises(Invalid):
        matches_pattern("[a", Reference.parse("web:1"))


def test_chain_ids_are_those_of_the_specification() -> None:
    first, second = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    chains = chain_ids([first, second])
    assert chains[0] == first
    # printf '%s %s' $first $second | sha256sum
    assert chains[1] == "sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5"
