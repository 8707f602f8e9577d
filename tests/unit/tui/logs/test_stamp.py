from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs import stamp


@pytest.mark.parametrize(
    ("line", "time", "text"),
    [
        (b"1970-01-01T00:00:01.000000005Z hi", 1_000_000_005, b"hi"),
        (b"2026-11-25T01:02:03.123456789Z ", 1_795_568_523_123_456_789, b""),
        (b"1970-01-01T02:00:00.5+02:00 podman's", 500_000_000, b"podman's"),
        (b"1970-01-01T00:00:00Z whole second", 0, b"whole second"),
        (b"no stamp at all", stamp.NONE, b"no stamp at all"),
        (b"2026-99-25T01:02:03.123456789Z month 99", stamp.NONE, b"2026-99-25T01:02:03.123456789Z month 99"),
        (b"", stamp.NONE, b""),
    ],
)
def test_split(line: bytes, time: int, text: bytes) -> None:
    assert stamp.split(line) == (time, text)


def test_parts_of_a_long_line_become_one() -> None:
    """Docker logs a 50 KB line in parts of 16 KiB and stamps each; oxker drops all but the first."""
    text = b"x" * 50_000
    stamped = b"".join(
        b"2026-11-25T01:02:03.12345678%dZ " % (at // 16384) + text[at : at + 16384]
        for at in range(0, len(text), 16384)
    )
    assert stamp.split(stamped)[1] == text


@given(st.binary())
def test_any_bytes_are_a_line(line: bytes) -> None:
    _, text = stamp.split(line)
    assert line.endswith(text)
