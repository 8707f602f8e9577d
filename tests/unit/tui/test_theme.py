from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from pydock.tui import theme

GOOD = '[colors]\nprimary = "#0080ff"\n'
SHIPPED = theme.load().themes
COLOURED = [name for name, each in SHIPPED.items() if not each.ansi]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    high, low = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color: Color) -> float:
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_themes_are_shipped_without_problems() -> None:
    loaded = theme.load()
    assert loaded.problems == ()
    assert {theme.DEFAULT, theme.PLAIN} <= set(loaded.themes)
    assert len(loaded.themes) >= 4
    assert any(not each.dark for each in loaded.themes.values())


@pytest.mark.parametrize("name", COLOURED)
def test_text_contrast(name: str) -> None:
    each = SHIPPED[name]
    assert each.background is not None
    backgrounds = [each.background, each.variables["pd-cursor-blurred"], each.variables["pd-bar"]]
    for background in backgrounds:
        for tone in ("text", "accent", "title", "running", "failed", "paused", "warn"):
            assert contrast(each.variables[f"pd-{tone}"], background) >= 4.5, (name, tone, background)
        assert contrast(each.variables["pd-dim"], background) >= 4.5, (name, "dim", background)
    cursor = each.variables["pd-cursor"]
    for tone in ("text", "running", "failed", "paused"):
        assert contrast(each.variables[f"pd-{tone}"], cursor) >= 3, (name, tone)


@pytest.mark.parametrize("name", COLOURED)
def test_every_tone_has_a_colour(name: str) -> None:
    assert {f"pd-{tone}" for tone in theme.TONES} <= set(SHIPPED[name].variables)


def test_a_foreign_theme_gets_defaults_for_our_tones() -> None:
    values = theme.defaults({"foreground": "#ffffff", "success": "#00ff00", "text-muted": "auto 60%"})
    assert values["pd-text"] == "#ffffff"
    assert values["pd-running"] == "#00ff00"
    assert Color.parse(values["pd-dim"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[colors", "expected"),
        ('[colors]\nprimary = "#zz"', "not a colour: primary"),
        ('[colors]\nprimary = "#fff"\nsurfac = "#fff"', "surfac"),
        (GOOD + '[states]\nruning = "#fff"', "unknown state: runing; did you mean running?"),
        (GOOD + '[ansi]\nredd = "#fff"', "unknown ansi colour: redd; did you mean red?"),
        ("dark = true", "colors"),
    ],
)
def test_bad_themes_are_refused_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as raised:
        theme.parse(text, "bad.toml")
    assert problem in str(raised.value).lower()
    assert "\n" not in str(raised.value)


def test_a_users_theme_replaces_a_shipped_one_and_a_bad_one_is_reported(tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text('name = "paper"\n' + GOOD)
    (tmp_path / "bad.toml").write_text("[colors]")
    loaded = theme.load(tmp_path)
    assert loaded.themes["paper"].primary == "#0080ff"
    assert len(loaded.problems) == 1
    assert loaded.problems[0].startswith("theme bad.toml:")


def test_a_theme_without_a_name_is_called_as_its_file() -> None:
    assert theme.parse(GOOD, "mine.toml").name == "mine"
