from __future__ import annotations

import pytest
from rich.cells import cell_len

from pydock.tui.text import ASCII, UNICODE, age, clean, glyphs_for_terminal, percent, size


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web", "web"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("evil\u202etxt", "evil\\u202etxt"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("日本語", "日本語"),
    ],
)
def test_clean_escapes_what_a_terminal_would_act_on(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize("value", [None, 0, 3e-11, 0.04, 9.96, 99.94, 99.96, 123.45, 1600.0, 1e9])
def test_percent_is_always_six_cells(value: float | None) -> None:
    assert len(percent(value)) == 6


def test_percent_rounds() -> None:
    assert (percent(3e-11), percent(123.45), percent(99.96)) == ("  0.0%", "  123%", "  100%")


@pytest.mark.parametrize("value", [None, 0, 1, 999, 1000, 1023, 1024, 10_000, 10**6, 10**9, 10**15, 10**24])
@pytest.mark.parametrize("base", [1000, 1024])
def test_size_is_always_five_cells(value: int | None, base: int) -> None:
    assert len(size(value, base)) == 5 or (value or 0) >= 10**21


def test_size_units() -> None:
    assert (size(41 << 20), size(1288490188), size(512), size(187_654_321, 1000)) == (
        "  41M",
        " 1.2G",
        " 512B",
        " 188M",
    )


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (59, "59s"), (61, "1m"), (7200, "2h"), (3 * 86400, "3d"), (-4, "0s")]
)
def test_age(seconds: float, shown: str) -> None:
    assert age(seconds) == shown


def test_every_glyph_is_one_cell_wide() -> None:
    for glyphs in (UNICODE, ASCII):
        for name in (
            "running",
            "exited",
            "paused",
            "restarting",
            "created",
            "dead",
            "mark",
            "cursor",
            "thumb",
        ):
            assert cell_len(getattr(glyphs, name)) == 1, name


def test_states_differ_without_colour() -> None:
    for glyphs in (UNICODE, ASCII):
        states = ("running", "exited", "paused", "restarting", "created", "dead")
        assert len({glyphs.state(state) for state in states}) == len(states)


@pytest.mark.parametrize(
    ("language", "expected"), [("C", ASCII), ("POSIX", ASCII), ("C.UTF-8", UNICODE), ("de_DE.utf8", UNICODE)]
)
def test_locale_chooses_glyphs(monkeypatch: pytest.MonkeyPatch, language: str, expected: object) -> None:
    monkeypatch.delenv("PYDOCK_ASCII", raising=False)
    monkeypatch.setenv("LC_ALL", language)
    assert glyphs_for_terminal() is expected


def test_ascii_glyphs_are_ascii() -> None:
    for name in ASCII.__slots__:
        value = getattr(ASCII, name)
        assert not isinstance(value, str) or value.isascii()
