"""What keeps an engine from starting is told in one line, with a way out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydock.core.config import Paths
from pydock.core.engine import Engine
from pydock.core.errors import Forbidden, Internal


async def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "root").write_text("")
    with pytest.raises(Internal, match=r"cannot use .*root: "):
        async with Engine(Paths(tmp_path / "root", tmp_path / "run")):
            pass


async def test_who_may_not_write_is_told_what_to_do(tmp_path: Path) -> None:
    place = tmp_path / "closed"
    place.mkdir(mode=0o700)
    uid = os.geteuid()
    if uid == 0:
        os.seteuid(65534)
    else:
        place.chmod(0o500)
    try:
        with pytest.raises(Forbidden, match=r"permission denied: .*: run pydock as root"):
            async with Engine(Paths(place / "root", place / "run")):
                pass
    finally:
        os.seteuid(uid)
        place.chmod(0o700)
