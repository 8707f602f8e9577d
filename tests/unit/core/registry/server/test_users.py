"""Tests of the users' file."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from pydock.core.errors import Invalid
from pydock.core.registry.server.users import Users, read, write


def header(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


async def test_a_user_comes_in_with_the_password_only(tmp_path: Path) -> None:
    write(tmp_path / "f", "ann", "se:cret")
    write(tmp_path / "f", "bob", "other")
    users = Users(tmp_path / "f")
    assert await users.admits(header("ann", "se:cret"))
    assert await users.admits(header("ann", "se:cret"))
    for wrong in (
        "",
        "Basic",
        "Basic !",
        header("ann", "other"),
        header("eve", ""),
        header("", ""),
        "Bearer x",
    ):
        assert not await users.admits(wrong)


async def test_a_changed_password_counts_at_once(tmp_path: Path) -> None:
    write(tmp_path / "f", "ann", "old")
    users = Users(tmp_path / "f")
    assert await users.admits(header("ann", "old"))
    write(tmp_path / "f", "ann", "new")
    os.utime(tmp_path / "f", ns=(1, 1))
    assert not await users.admits(header("ann", "old"))
    assert await users.admits(header("ann", "new"))
    (tmp_path / "f").unlink()
    assert not await users.admits(header("ann", "new"))


def test_a_password_is_not_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "f", "ann", "secret")
    assert b"secret" not in (tmp_path / "f").read_bytes()
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a\nb"])
def test_names_that_would_break_the_file_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        write(tmp_path / "f", name, "x")


def test_another_kind_of_hash_is_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("# users\nann:$apr1$x\n")
    with pytest.raises(Invalid, match="line 2"):
        read(tmp_path / "f")
