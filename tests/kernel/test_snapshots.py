"""What a container sees of its layers: overlayfs and plain copies show the same tree."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pydock.core.config import Paths
from pydock.core.images.store import Images
from pydock.core.rootfs import Overlay, Rootfs
from pydock.core.runtime.client import Runtime
from pydock.core.snapshots.choice import open_snapshotter
from pydock.core.snapshots.probe import why_not_overlay
from pydock.core.snapshots.snapshotter import ChainId
from pydock.core.state.events import Events
from pydock.core.state.store import Store
from support.images import docker_archive, layer


class SilentBell:
    def ring(self, payload: bytes) -> None:
        """Nobody else listens."""


def special(entries: list[tuple[str, bytes]]) -> bytes:
    """A layer with directories (names ending in a slash) and files, in this order."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755 if name.endswith("/") else 0o644
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


LAYERS = [
    layer(
        {"etc/passwd": b"1", "etc/group": b"1", "usr/a": b"1", "usr/sub/b": b"1", "keep": b"1", "turn": b"1"}
    ),
    special(
        [
            ("etc/.wh.passwd", b""),
            ("usr/", b""),
            ("usr/.wh..wh..opq", b""),
            ("usr/c", b"2"),
            (".wh.turn", b""),
        ]
    ),
    special(
        [("turn/", b""), ("turn/inner", b"3"), ("etc/passwd", b"3"), (".wh.keep", b""), ("usr/sub/", b"")]
    ),
]
SEEN = {"etc/passwd": b"3", "etc/group": b"1", "usr/c": b"2", "turn/inner": b"3"}


@contextlib.contextmanager
def mounted(rootfs: Rootfs, place: Path) -> Iterator[Path]:
    if not isinstance(rootfs, Overlay):
        yield Path(rootfs.path)
        return
    place.mkdir()
    lower = ":".join(rootfs.lower)
    options = f"lowerdir={lower},upperdir={rootfs.upper},workdir={rootfs.work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.mark.parametrize("driver", ["overlay2", "vfs"])
async def test_container_sees_what_the_layers_say(tmp_path: Path, driver: str) -> None:
    paths = Paths(tmp_path / "root", tmp_path / "run")
    paths.create()
    async with Runtime(paths) as runtime:
        with Store(paths.db) as store:
            snapshots = await open_snapshotter(paths, store, runtime.work, driver)
            images = Images(paths, store, Events(store, SilentBell()), snapshots, runtime.work)
            told = images.load(pieces(docker_archive(LAYERS, ["web:1"])))
            assert [item.stream async for item in told if item.stream] == ["Loaded image: web:1\n"]
            image = await images.get("web:1")
            await snapshots.prepare("c1", ChainId(image.chain_id))
            with mounted(snapshots.rootfs("c1"), tmp_path / "merged") as root:
                seen = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
                assert seen == SEEN
                assert os.listdir(root / "usr/sub") == []
                (root / "etc/group").write_bytes(b"changed")
            again = snapshots.layer_path(ChainId(image.layers[0].chain_id))
            assert (again / "etc/group").read_bytes() == b"1"
            await snapshots.remove("c1")


def test_probe_says_why_not(tmp_path: Path) -> None:
    """On /proc nothing can be made; on an overlay without an index another one can't have its upper part."""
    assert why_not_overlay(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
    assert why_not_overlay(Path("/proc/self")).startswith("overlayfs: ")
