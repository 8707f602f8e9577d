from __future__ import annotations

import pytest

from pydock.core.containers.spec.security import Security, parse
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], Security()),
        (["no-new-privileges"], Security(no_new_privileges=True)),
        (["no-new-privileges:false"], Security()),
        (["seccomp=unconfined", "label=disable"], Security(seccomp="unconfined", labels_disabled=True)),
        (["seccomp:builtin"], Security()),
        (["apparmor=docker-default"], Security(apparmor="docker-default")),
        (["systempaths=unconfined"], Security(unconfined_paths=True)),
    ],
)
def test_options(options: list[str], expected: Security) -> None:
    assert parse(options) == expected


@pytest.mark.parametrize(
    "option", ["nonsense", "x=y", "label=type:x", "seccomp={bad", "seccomp={}", "no-new-privileges=maybe"]
)
def test_wrong_options_are_refused(option: str) -> None:
    with pytest.raises(Invalid):
        parse([option])
