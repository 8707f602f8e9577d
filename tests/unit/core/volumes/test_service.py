from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pydock.core.config import Paths
from pydock.core.errors import Conflict, Invalid, NotFound
from pydock.core.filters import Filters
from pydock.core.rootfs import Rootfs
from pydock.core.schema.volumes import VolumeCreateRequest
from pydock.core.state.events import Events
from pydock.core.state.locks import Locks
from pydock.core.state.store import Store
from pydock.core.volumes.service import Volumes


class Silent:
    def ring(self, payload: bytes) -> None:
        return


async def _no_worker(
    function: str,
    args: dict[str, Any],
    fds: Sequence[int] = (),
    root: str | None = None,
    overlay: Rootfs | None = None,
) -> dict[str, Any]:
    raise AssertionError("no worker is needed")


@pytest.fixture
def volumes(tmp_path: Path) -> Volumes:
    paths = Paths(tmp_path / "root", tmp_path / "run")
    paths.create()
    store = Store(paths.db)
    return Volumes(paths, store, Events(store, Silent()), Locks(paths.locks), _no_worker)


async def test_a_volume_is_made_once(volumes: Volumes) -> None:
    first = await volumes.create(VolumeCreateRequest(name="vol", labels={"l": "1"}))
    assert await volumes.create(VolumeCreateRequest(name="vol")) == first
    assert Path(first.mountpoint).is_dir()
    assert [v.name for v in await volumes.list(Filters({"label": ("l=1",)}))] == ["vol"]


async def test_nameless_ones_are_anonymous_and_pruned(volumes: Volumes) -> None:
    nameless = await volumes.create(VolumeCreateRequest())
    await volumes.create(VolumeCreateRequest(name="named"))
    (volumes.directory(nameless.name) / "f").write_bytes(b"12345")
    pruned = await volumes.prune()
    assert (pruned.volumes_deleted, pruned.space_reclaimed) == ([nameless.name], 5)
    assert [v.name for v in await volumes.list()] == ["named"]
    assert (await volumes.prune(Filters({"all": ("true",)}))).volumes_deleted == ["named"]


async def test_a_used_volume_stays(volumes: Volumes) -> None:
    await volumes.create(VolumeCreateRequest(name="vol"))
    volumes.users = lambda name: ["c" * 64]
    with pytest.raises(Conflict, match=r"remove vol: volume is in use - \[c+\]"):
        await volumes.remove("vol")
    assert await volumes.list(Filters({"dangling": ("true",)})) == []
    assert (await volumes.prune(Filters({"all": ("1",)}))).volumes_deleted is None


async def test_unknown_names(volumes: Volumes) -> None:
    with pytest.raises(NotFound, match="get nosuch: no such volume"):
        await volumes.inspect("nosuch")
    with pytest.raises(NotFound, match="get nosuch: no such volume"):
        await volumes.remove("nosuch")
    await volumes.remove("nosuch", force=True)
    with pytest.raises(Invalid, match="includes invalid characters"):
        await volumes.create(VolumeCreateRequest(name="a/b"))
    with pytest.raises(NotFound, match='plugin "x" not found'):
        await volumes.create(VolumeCreateRequest(name="ab", driver="x"))


async def test_directories_without_a_record_are_swept(volumes: Volumes) -> None:
    await volumes.create(VolumeCreateRequest(name="kept"))
    volumes.directory("lost").mkdir(parents=True)
    assert await volumes.sweep() == ["lost"]
    assert volumes.directory("kept").is_dir()
