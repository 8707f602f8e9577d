from __future__ import annotations

import pytest

from pydock.core.errors import Unsupported
from pydock.core.images.platforms import choose
from pydock.core.schema.oci import Descriptor, Platform


def platform(text: str) -> Platform:
    os_name, architecture, *variant = text.split("/")
    return Platform(os=os_name, architecture=architecture, variant=variant[0] if variant else None)


def offer(*texts: str) -> list[Descriptor]:
    return [Descriptor("m", text, 1, platform=platform(text) if text else None) for text in texts]


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/386", "linux/s390x"], "linux/386"),
        ("linux/amd64", ["windows/amd64", ""], ""),
        ("linux/arm64", ["linux/arm64/v8", "linux/amd64"], "linux/arm64/v8"),
        ("linux/arm64", ["linux/arm/v7"], "linux/arm/v7"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v7", ["linux/arm/v7", "linux/arm/v6"], "linux/arm/v7"),
    ],
)
def test_best_offer_is_taken(wanted: str, offered: list[str], expected: str) -> None:
    assert choose(offer(*offered), platform(wanted), "the index").digest == expected


@pytest.mark.parametrize("offered", [[], ["windows/amd64"], ["linux/arm64"], ["unknown/unknown"]])
def test_none_suits(offered: list[str]) -> None:
    with pytest.raises(Unsupported, match="no image for linux/amd64 in the index: it has"):
        choose(offer(*offered), platform("linux/amd64"), "the index")


def test_newer_arm_is_not_run_on_older() -> None:
    with pytest.raises(Unsupported):
        choose(offer("linux/arm/v7"), platform("linux/arm/v6"), "the index")
