"""Docker's table of rmi: what goes, and which conflicts are told in which words."""

from __future__ import annotations

import pytest

from pydock.core.errors import Conflict
from pydock.core.images.records import UseRecord
from pydock.core.images.removal import RemovalPlan, plan_removal
from pydock.core.reference import Reference

IMAGE = "sha256:" + "f00d" * 16
DIGEST = "@sha256:" + "ab" * 32
RUNNING, STOPPED = UseRecord("c" * 64, True), UseRecord("d" * 64, False)


def names(*texts: str) -> list[Reference]:
    return [Reference.parse(text) for text in texts]


def plan(
    given: str | None,
    all_names: list[str],
    uses: tuple[UseRecord, ...] = (),
    children: bool = False,
    force: bool = False,
) -> RemovalPlan:
    chosen = Reference.parse(given) if given else None
    return plan_removal(IMAGE, chosen, names(*all_names), uses, children, force)


def took(result: RemovalPlan) -> tuple[list[str], bool]:
    return [name.familiar for name in result.untag], result.delete


@pytest.mark.parametrize(
    ("given", "all_names", "expected"),
    [
        ("a:1", ["a:1"], (["a:1"], True)),
        ("a:1", ["a:1", "a:2"], (["a:1"], False)),
        ("a:1", ["a:1", "b:1"], (["a:1"], False)),
        ("a:1", ["a:1", "a" + DIGEST], (["a:1", "a" + DIGEST], True)),
        ("a:1", ["a:1", "a" + DIGEST, "b:1"], (["a:1", "a" + DIGEST], False)),
        ("a:1", ["a:1", "a:2", "a" + DIGEST], (["a:1"], False)),
        ("a" + DIGEST, ["a:1", "a" + DIGEST], (["a" + DIGEST], False)),
        (None, ["a:1"], (["a:1"], True)),
        (None, [], ([], True)),
        (None, ["a:1", "a" + DIGEST], (["a:1", "a" + DIGEST], True)),
    ],
)
def test_unused_image(given: str | None, all_names: list[str], expected: tuple[list[str], bool]) -> None:
    assert took(plan(given, all_names)) == expected


SOFT = r"conflict: unable to delete f00df00df00d \(must be forced\) - image "
HARD = r"conflict: unable to delete f00df00df00d \(cannot be forced\) - image "


@pytest.mark.parametrize(
    ("given", "all_names", "uses", "children", "force", "words"),
    [
        (None, ["a:1", "b:1"], (), False, False, SOFT + "is referenced in multiple repositories"),
        (None, ["a:1", "a:2"], (), False, False, SOFT + "is referenced in multiple repositories"),
        (None, ["a:1"], (STOPPED,), False, False, SOFT + "is being used by stopped container dddddddddddd"),
        (
            None,
            [],
            (STOPPED, RUNNING),
            False,
            False,
            HARD + "is being used by running container cccccccccccc",
        ),
        (None, ["a:1"], (RUNNING,), False, True, HARD + "is being used by running container cccccccccccc"),
        (None, ["a:1"], (), True, True, HARD + "has dependent child images"),
        (
            "a:1",
            ["a:1"],
            (STOPPED,),
            False,
            False,
            r'conflict: unable to remove repository reference "a:1" \(must force\) - container dddddddddddd '
            "is using its referenced image f00df00df00d",
        ),
    ],
)
def test_conflicts(
    given: str | None,
    all_names: list[str],
    uses: tuple[UseRecord, ...],
    children: bool,
    force: bool,
    words: str,
) -> None:
    with pytest.raises(Conflict, match=words):
        plan(given, all_names, uses, children, force)


def test_force_deletes_what_stopped_containers_use_or_several_names_have() -> None:
    assert took(plan(None, ["a:1", "b:1"], (STOPPED,), force=True)) == (["a:1", "b:1"], True)
    assert took(plan("a:1", ["a:1"], (STOPPED,), force=True)) == (["a:1"], True)


def test_forced_name_of_a_running_container_is_taken_and_the_image_stays() -> None:
    assert took(plan("a:1", ["a:1"], (RUNNING,), force=True)) == (["a:1"], False)


def test_one_of_several_names_goes_though_a_container_runs() -> None:
    assert took(plan("a:1", ["a:1", "b:1"], (RUNNING,))) == (["a:1"], False)
