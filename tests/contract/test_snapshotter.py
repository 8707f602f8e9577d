"""The contract of Snapshotter, for every kind of it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core import digest
from pydock.core.config import Paths
from pydock.core.errors import Conflict, NotFound, Unsupported
from pydock.core.rootfs import Directory, Overlay
from pydock.core.snapshots.choice import open_snapshotter
from pydock.core.snapshots.snapshotter import ChainId, Layer, Snapshotter
from pydock.core.state.store import Store
from support.worker import work

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: layers keep owners")


def chain(text: str) -> ChainId:
    return ChainId(digest.of(text.encode()))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "root", tmp_path / "run")
    made.create()
    return made


@pytest.fixture(params=["overlay2", "vfs"])
async def snapshotter(request: pytest.FixtureRequest, paths: Paths) -> AsyncIterator[Snapshotter]:
    with Store(paths.db) as store:
        try:
            yield await open_snapshotter(paths, store, work, request.param)
        except Unsupported as err:
            pytest.skip(str(err))


async def add(snapshotter: Snapshotter, name: str, parent: str = "", text: str = "") -> ChainId:
    """Make a layer that holds one file, named like it."""
    below = chain(parent) if parent else None
    staged = await snapshotter.stage(below)
    (staged / name).write_text(text or name)
    layer = Layer(chain(name), below or "", chain(name), len(text or name), "", 1)
    await snapshotter.commit(staged, layer)
    return chain(name)


def seen(snapshotter: Snapshotter, container: str) -> set[str]:
    """File names in a container's root, as the kind would show them."""
    match snapshotter.rootfs(container):
        case Overlay(lower, upper, _):
            return {name for path in (upper, *lower) for name in os.listdir(path)}
        case Directory(path):
            return set(os.listdir(path))


async def test_layer_is_there_after_its_commit_only(snapshotter: Snapshotter) -> None:
    staged = await snapshotter.stage(None)
    assert snapshotter.layer(chain("a")) is None
    (staged / "file").write_text("x")
    await snapshotter.commit(staged, Layer(chain("a"), "", chain("a"), 1, "", 1))
    layer = snapshotter.layer(chain("a"))
    assert layer is not None
    assert layer.size == 1
    assert (snapshotter.layer_path(chain("a")) / "file").read_text() == "x"
    assert not staged.exists()


async def test_second_commit_of_a_layer_changes_nothing(snapshotter: Snapshotter, paths: Paths) -> None:
    await add(snapshotter, "a")
    await add(snapshotter, "a", text="other")
    assert (snapshotter.layer_path(chain("a")) / "a").read_text() == "a"
    assert list(paths.tmp.iterdir()) == []


async def test_discarded_stage_leaves_nothing(snapshotter: Snapshotter, paths: Paths) -> None:
    staged = await snapshotter.stage(None)
    (staged / "file").write_text("x")
    await snapshotter.discard(staged)
    assert list(paths.tmp.iterdir()) == []


async def test_stage_above_an_unknown_layer_is_refused(snapshotter: Snapshotter) -> None:
    with pytest.raises(NotFound):
        await snapshotter.stage(chain("nothing"))


async def test_container_sees_its_layers(snapshotter: Snapshotter) -> None:
    await add(snapshotter, "low")
    await add(snapshotter, "high", "low")
    await snapshotter.prepare("c1", chain("high"))
    assert seen(snapshotter, "c1") == {"low", "high"}


async def test_container_without_image_is_empty(snapshotter: Snapshotter) -> None:
    await snapshotter.prepare("c1", None)
    assert seen(snapshotter, "c1") == set()


async def test_root_directory_looks_like_the_image_s(snapshotter: Snapshotter) -> None:
    staged = await snapshotter.stage(None)
    os.chown(staged, 7, 8)
    os.chmod(staged, 0o751)
    await snapshotter.commit(staged, Layer(chain("a"), "", chain("a"), 0, "", 1))
    await snapshotter.prepare("c1", chain("a"))
    root = snapshotter.rootfs("c1")
    status = os.stat(root.upper if isinstance(root, Overlay) else root.path)
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (7, 8, 0o751)


async def test_two_containers_do_not_share_writes(snapshotter: Snapshotter) -> None:
    await add(snapshotter, "a")
    for name in ("c1", "c2"):
        await snapshotter.prepare(name, chain("a"))
    root = snapshotter.rootfs("c1")
    Path(root.upper if isinstance(root, Overlay) else root.path, "new").write_text("x" * 1000)
    assert "new" not in seen(snapshotter, "c2")
    assert await snapshotter.usage("c1") == 1000
    assert await snapshotter.usage("c2") == 0


async def test_second_prepare_is_a_conflict(snapshotter: Snapshotter) -> None:
    await snapshotter.prepare("c1", None)
    with pytest.raises(Conflict):
        await snapshotter.prepare("c1", None)


async def test_prepare_above_an_unknown_layer_leaves_nothing(snapshotter: Snapshotter, paths: Paths) -> None:
    with pytest.raises(NotFound):
        await snapshotter.prepare("c1", chain("nothing"))
    assert list(paths.containers.iterdir()) == []
    with pytest.raises(NotFound):
        snapshotter.rootfs("c1")


async def test_removed_snapshot_is_gone_twice(snapshotter: Snapshotter, paths: Paths) -> None:
    await add(snapshotter, "a")
    await snapshotter.prepare("c1", chain("a"))
    await snapshotter.remove("c1")
    await snapshotter.remove("c1")
    assert list((paths.containers / "c1").iterdir()) == []
    with pytest.raises(NotFound):
        snapshotter.rootfs("c1")


async def test_sweep_keeps_what_images_and_containers_need(snapshotter: Snapshotter, paths: Paths) -> None:
    for name, parent in (("a", ""), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "")):
        await add(snapshotter, name, parent)
    await snapshotter.prepare("c1", chain("d"))
    assert await snapshotter.sweep({chain("b")}) == 2
    left = {name for name in "abcde" if snapshotter.layer(chain(name)) is not None}
    assert left == {"a", "b", "d"}
    assert {name for name in "abcde" if snapshotter.layer_path(chain(name)).exists()} == left
    assert len(list((paths.layers / "l").iterdir())) == 3


async def test_sweep_removes_what_a_killed_engine_left(snapshotter: Snapshotter, paths: Paths) -> None:
    await snapshotter.stage(None)
    await add(snapshotter, "a")
    # Killed after the rename and before the row, and after the row's deletion and before the directory's.
    orphan = paths.layers / digest.hex_of(chain("orphan"))
    (orphan / "diff").mkdir(parents=True)
    (paths.layers / "l" / "zzzzz").symlink_to("../nowhere")
    await snapshotter.sweep({chain("a")})
    assert not orphan.exists()
    assert list(paths.tmp.iterdir()) == []
    assert len(list((paths.layers / "l").iterdir())) == 1


async def test_orphan_does_not_stand_in_the_way(snapshotter: Snapshotter, paths: Paths) -> None:
    orphan = paths.layers / digest.hex_of(chain("a"))
    (orphan / "diff").mkdir(parents=True)
    (orphan / "diff" / "half").write_text("x")
    await add(snapshotter, "a")
    assert os.listdir(snapshotter.layer_path(chain("a"))) == ["a"]


async def test_root_keeps_its_kind(snapshotter: Snapshotter, paths: Paths) -> None:
    with Store(paths.db) as store:
        again = await open_snapshotter(paths, store, work)
        assert again.name == snapshotter.name
        other = "vfs" if snapshotter.name != "vfs" else "overlay2"
        with pytest.raises(Conflict):
            await open_snapshotter(paths, store, work, other)


async def test_names_of_120_layers_fit_in_a_page(snapshotter: Snapshotter) -> None:
    """Joined with the default root's length: mount(2) takes one page of options."""
    if snapshotter.name == "vfs":
        pytest.skip("one directory, no names to join")
    await add(snapshotter, "0")
    for number in range(1, 120):
        await add(snapshotter, str(number), str(number - 1))
    await snapshotter.prepare("f" * 64, chain("119"))
    rootfs = snapshotter.rootfs("f" * 64)
    assert isinstance(rootfs, Overlay)
    assert len(rootfs.lower) == 120
    names = ["/var/lib/pydock/layers/l/" + os.path.basename(path) for path in rootfs.lower]
    assert len(":".join(names)) < 4096 - 2 * len("/var/lib/pydock/containers//upper") - 128 - 40
