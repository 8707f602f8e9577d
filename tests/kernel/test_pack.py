"""Trees into tars and copies: round trips keep every attribute, whiteouts become a layer's."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import stat
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType

from support.untar import picture, unpack
from support.worker import work


def torture() -> ModuleType:
    """The tree of test_unpack: tests are modules of no package."""
    spec = importlib.util.spec_from_file_location("unpack_tests", Path(__file__).with_name("test_unpack.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def pack(tree: Path, archive: Path, layer: bool = False) -> str:
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        result = await work("pydock.core.images.pack:pack", {"layer": layer}, (descriptor,), str(tree))
    finally:
        os.close(descriptor)
    assert result["size"] == archive.stat().st_size
    return str(result["diff_id"])


async def test_round_trip_keeps_every_attribute(tmp_path: Path) -> None:
    torture().torture(tmp_path / "tree")
    await pack(tmp_path / "tree", tmp_path / "archive")
    answer = unpack(tmp_path / "archive", tmp_path / "back", "keep")
    assert "error" not in answer, answer
    assert picture(tmp_path / "back") == picture(tmp_path / "tree")


async def test_gnu_tar_reads_it(tmp_path: Path) -> None:
    torture().torture(tmp_path / "tree")
    await pack(tmp_path / "tree", tmp_path / "archive")
    (tmp_path / "back").mkdir()
    command = ["tar", "--xattrs", "--xattrs-include=*", "--same-owner", "-xpf", tmp_path / "archive"]
    await asyncio.to_thread(subprocess.run, [*command, "-C", tmp_path / "back"], check=True)
    assert picture(tmp_path / "back") == picture(tmp_path / "tree")


async def test_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, order in (("one", [1, 2, 3]), ("two", [3, 1, 2])):
        (tmp_path / name).mkdir()
        for number in order:
            (tmp_path / name / str(number)).write_text(str(number))
            os.utime(tmp_path / name / str(number), ns=(1, 1))
        os.utime(tmp_path / name, ns=(1, 1))
    assert await pack(tmp_path / "one", tmp_path / "a") == await pack(tmp_path / "two", tmp_path / "b")


async def test_whiteouts_become_a_layer_s(tmp_path: Path) -> None:
    upper = tmp_path / "upper"
    (upper / "dir").mkdir(parents=True)
    (upper / "dir/new").touch()
    os.mknod(upper / "gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mknod(upper / "dir/gone", stat.S_IFCHR, os.makedev(0, 0))
    os.setxattr(upper / "dir", "trusted.overlay.opaque", b"y")
    os.setxattr(upper / "dir", "trusted.overlay.origin", b"somewhere")
    await pack(upper, tmp_path / "archive", layer=True)
    with tarfile.open(tmp_path / "archive") as archive:
        assert archive.getnames() == [
            "dir",
            "dir/.wh..wh..opq",
            "dir/.wh.gone",
            "dir/new",
            ".wh.gone",
        ]
    unpack(tmp_path / "archive", tmp_path / "back")
    os.removexattr(upper / "dir", "trusted.overlay.origin")
    ours, theirs = picture(tmp_path / "back", times=False), picture(upper, times=False)
    assert ours == theirs


async def test_copy_of_a_tree_keeps_every_attribute(tmp_path: Path) -> None:
    torture().torture(tmp_path / "tree")
    (tmp_path / "copy").mkdir()
    flags = os.O_RDONLY | os.O_DIRECTORY
    descriptors = [os.open(tmp_path / name, flags) for name in ("tree", "copy")]
    try:
        await work("pydock.core.snapshots.tree:copy", {}, descriptors, str(tmp_path / "copy"))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    assert picture(tmp_path / "copy") == picture(tmp_path / "tree")
    assert (tmp_path / "copy/sparse").stat().st_blocks * 512 < 1 << 20
