"""Tests of challenges: what a 401 asks for, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.registry.challenge import Challenge, parse


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        ('Basic realm="a \\"b\\" c"', [Challenge("basic", {"realm": 'a "b" c'})]),
        (
            "Basic realm=x, Bearer realm=y",
            [Challenge("basic", {"realm": "x"}), Challenge("bearer", {"realm": "y"})],
        ),
        ("Negotiate", [Challenge("negotiate", {})]),
        ("", []),
        ("=,;", []),
    ],
)
def test_headers_become_challenges(header: str, challenges: list[Challenge]) -> None:
    assert parse([header]) == challenges


@given(st.lists(st.text(max_size=200), max_size=3))
def test_nothing_breaks_the_parser(headers: list[str]) -> None:
    for challenge in parse(headers):
        assert challenge.scheme == challenge.scheme.lower()
