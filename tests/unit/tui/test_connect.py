from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydock.core.errors import Forbidden, Invalid, PydockError, Unavailable, Unsupported
from pydock.tui.connect import Connector


async def test_without_root_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Forbidden, match="needs root: sudo pydock-tui, or -H unix://"):
        async with Connector(None)():
            pass


async def test_nobody_listens(tmp_path: Path) -> None:
    connector = Connector(f"unix://{tmp_path}/none.sock")
    assert connector.label == f"{tmp_path}/none.sock"
    with pytest.raises(Unavailable) as raised:
        async with connector() as client:
            await client.system.info()
    assert "none.sock" in str(raised.value)


@pytest.mark.parametrize(("host", "kind"), [("gopher://x", Invalid), ("ssh://root@host", Unsupported)])
async def test_addresses_that_are_none_are_told_so(host: str, kind: type[PydockError]) -> None:
    with pytest.raises(kind):
        async with Connector(host)():
            pass
