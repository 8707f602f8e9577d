from __future__ import annotations

from pathlib import Path

import pytest

from pydock.tui.dialogs.load import complete


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("images/a.tar", "images/app-1.tar", "images/app-2.tar", ".hidden", "notes"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "completed", "names"),
    [
        ("im", "images/", ["images/"]),
        ("images/ap", "images/app-", ["app-1.tar", "app-2.tar"]),
        ("images/app-1", "images/app-1.tar", ["app-1.tar"]),
        ("", "", ["images/", "notes"]),
        (".h", ".hidden", [".hidden"]),
        ("nowhere/x", "nowhere/x", []),
    ],
)
def test_paths_complete_as_in_a_shell(tree: Path, typed: str, completed: str, names: list[str]) -> None:
    assert complete(typed) == (completed, names)


def test_absolute_and_home_paths(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tree))
    assert complete(f"{tree}/no")[0] == f"{tree}/notes"
    assert complete("~/no")[0] == "~/notes"
