from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core import units
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("64", 64), ("64b", 64), ("1k", 1024), ("1.5K", 1536), ("512m", 512 << 20), ("2GiB", 2 << 30),
     ("1 gb", 1 << 30), ("1T", 1 << 40)],
)  # fmt: skip
def test_sizes_are_read_with_binary_units(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "x", "1x", "1.m", "m"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        units.parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (999, "999B"), (4_262_016, "4.26MB"), (1_234_567_890, "1.23GB")]
)
def test_sizes_are_printed_as_docker_images_does(size: int, text: str) -> None:
    assert units.human_size(size) == text


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("0", 0), ("1s", 10**9), ("1.5s", 1_500_000_000), ("1h30m", 5400 * 10**9), ("100ms", 10**8),
     ("3us", 3000), ("-2m", -120 * 10**9)],
)  # fmt: skip
def test_go_durations_are_read(text: str, nanoseconds: int) -> None:
    assert units.parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "s", "1d", "1s2", "1 s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0s"), (1, "1ns"), (1500, "1.5µs"), (10**8, "100ms"), (10**9, "1s"), (90 * 10**9, "1m30s"),
     (3600 * 10**9, "1h0m0s"), (-(10**9), "-1s")],
)  # fmt: skip
def test_durations_are_printed_as_go_does(nanoseconds: int, text: str) -> None:
    assert units.format_duration(nanoseconds) == text


@given(st.integers(min_value=0, max_value=10**15))
def test_a_printed_duration_is_read_back(nanoseconds: int) -> None:
    assert abs(units.parse_duration(units.format_duration(nanoseconds)) - nanoseconds) <= nanoseconds * 1e-12


@given(st.integers(min_value=1, max_value=4 * 10**18))
def test_a_printed_time_is_read_back(moment: int) -> None:
    assert units.parse_timestamp(units.rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [("1700000000", 17 * 10**17), ("1700000000.5", 17 * 10**17 + 5 * 10**8), (units.ZERO_TIME, 0),
     ("2023-11-14", 1_699_920_000 * 10**9), ("2023-11-14T22:13:20+02:00", (1_700_000_000 - 7200) * 10**9),
     ("10s", 90 * 10**9)],
)  # fmt: skip
def test_times_take_dockers_forms(text: str, moment: int) -> None:
    assert units.parse_timestamp(text, relative_to=100 * 10**9) == moment


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"),
     (600, "10 minutes"), (3600, "About an hour"),
     (7200, "2 hours"), (86400 * 3, "3 days"), (86400 * 21, "3 weeks"),
     (86400 * 100, "3 months"), (86400 * 800, "2 years")],
)  # fmt: skip
def test_ages_are_told_in_dockers_words(seconds: float, text: str) -> None:
    assert units.human_duration(seconds) == text
