from __future__ import annotations

from pathlib import Path

from pydock.tui.config import Settings, load, save


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == (Settings(), [])


def test_right_settings_count_beside_wrong_ones(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "paper"\nmous = false\nlog-tail = "many"\n[keys]\n"container.logs" = "l, m"\n')
    settings, problems = load(path)
    assert settings.theme == "paper"
    assert settings.own_keys() == {"container.logs": ("l", "m")}
    assert problems[0] == "config.toml: unknown setting: mous; did you mean mouse?"
    assert problems[1].startswith("config.toml: log-tail: expected `int`")
    assert len(problems) == 2


def test_broken_toml_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("theme = ")
    settings, problems = load(path)
    assert settings == Settings()
    assert len(problems) == 1


def test_saving_keeps_the_other_settings(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    save(path, {"theme": "ember"})
    save(path, {"mouse": False})
    settings, problems = load(path)
    assert (settings.theme, settings.mouse, problems) == ("ember", False, [])
