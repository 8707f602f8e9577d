"""Finding programs along a PATH, and the words for not finding them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.core.runtime.failure import Refused
from pydock.core.runtime.lookup import program


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a", "b", "a/dir"):
        (tmp_path / name).mkdir()
    for name, mode in (("a/plain", 0o644), ("b/plain", 0o755), ("b/tool", 0o755), ("a/only", 0o644)):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    return tmp_path


def path_of(tree: Path) -> tuple[str, ...]:
    return (f"PATH=/nowhere:{tree}/a:{tree}/b",)


@pytest.mark.parametrize(("name", "found"), [("tool", "b/tool"), ("plain", "b/plain")])
def test_first_that_can_be_executed(tree: Path, name: str, found: str) -> None:
    assert program(name, path_of(tree)) == f"{tree}/{found}"


def test_last_path_of_the_environment_counts(tree: Path) -> None:
    assert program("tool", ("PATH=/nowhere", *path_of(tree))) == f"{tree}/b/tool"


def test_name_with_a_slash_is_taken_as_it_is(tree: Path) -> None:
    assert program(f"{tree}/b/tool", ()) == f"{tree}/b/tool"


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("nosuch", 127, 'exec: "nosuch": executable file not found in $PATH'),
        ("only", 126, 'exec: "only": permission denied'),
        ("dir", 127, 'exec: "dir": executable file not found in $PATH'),
        ("{}/a/dir", 126, 'exec: "{}/a/dir": permission denied'),
        ("{}/a/only", 126, 'exec: "{}/a/only": permission denied'),
        ("{}/x", 127, 'exec: "{}/x": stat {}/x: no such file or directory'),
        ("{}/b/tool/x", 127, 'exec: "{}/b/tool/x": stat {}/b/tool/x: not a directory'),
    ],
)
def test_refusals_are_in_dockers_words(tree: Path, name: str, code: int, words: str) -> None:
    with pytest.raises(Refused) as refused:
        program(name.replace("{}", str(tree)), path_of(tree))
    assert (str(refused.value), refused.value.exit_code) == (words.replace("{}", str(tree)), code)
