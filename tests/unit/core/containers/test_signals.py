from __future__ import annotations

import pytest

from pydock.core.containers.signals import parse_signal
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TERM", 15),
        ("SIGTERM", 15),
        ("sigint", 2),
        ("9", 9),
        ("RTMIN", 34),
        ("SIGRTMIN+3", 37),
        ("RTMAX-1", 63),
    ],
)
def test_names_and_numbers(text: str, number: int) -> None:
    assert parse_signal(text) == number


@pytest.mark.parametrize("text", ["", "NOSUCH", "0", "65", "-9", "RTMIN+31", "RTMAX-31", "TERM;"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="invalid signal"):
        parse_signal(text)
