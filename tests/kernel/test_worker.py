"""Workers: walls, errors, progress, and their end with their caller."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kernel.shims import Workshop, gone, workshop
from pydock.core.errors import Conflict, Internal, PydockError, StartFailed, Unsupported
from pydock.core.rootfs import Overlay


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Workshop]:
    async with workshop() as made:
        yield made


async def test_result_and_progress(shop: Workshop) -> None:
    news: list[Any] = []
    result = await shop.runtime.work("kernel.tasks:echo", {"a": [1, b"x"]}, progress=news.append)
    assert result["args"] == {"a": [1, b"x"]}
    assert result["pid"] != os.getpid()
    assert result["zstd"] > 0
    assert news == [{"step": 1}, {"step": 2}]


async def test_descriptors_are_handed_over(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"text")
    reading = os.open(tmp_path / "in", os.O_RDONLY)
    writing = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    (tmp_path / "root").mkdir()
    await shop.runtime.work("kernel.tasks:copy", {}, [reading, writing], root=str(tmp_path / "root"))
    os.close(reading)
    os.close(writing)
    assert (tmp_path / "out").read_bytes() == b"TEXT"


async def test_the_given_root_is_all_there_is(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "inside").touch()
    (root / "escape").symlink_to("../" * 20)
    found = await shop.runtime.work("kernel.tasks:look", {}, root=str(root))
    assert found["root"] == found["parent"] == ["escape", "inside"]
    assert not found["link"]


async def test_few_capabilities_and_no_strange_descriptors(shop: Workshop) -> None:
    found = await shop.runtime.work("kernel.tasks:look", {})
    bits = int(found["capabilities"], 16)
    allowed = {0, 1, 2, 3, 4, 18, 21, 27, 31}
    assert {n for n in range(64) if bits >> n & 1} <= allowed
    # 0 to 2, the channel, and what lists the directory.
    assert len(found["fds"]) == 5


async def test_an_overlay_is_mounted_for_the_worker_alone(shop: Workshop, tmp_path: Path) -> None:
    for name in ("lower", "layers/upper", "layers/work"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lower/below").write_text("below")
    place = Overlay((str(tmp_path / "lower"),), str(tmp_path / "layers/upper"), str(tmp_path / "layers/work"))
    before = Path("/proc/self/mountinfo").read_text()
    await shop.runtime.work("kernel.tasks:write", {"/below": "changed"}, overlay=place)
    assert (tmp_path / "lower/below").read_text() == "below"
    assert (tmp_path / "layers/upper/below").read_text() == "changed"
    assert (tmp_path / "layers/upper/opaque").stat().st_uid == 1234
    assert Path("/proc/self/mountinfo").read_text() == before


async def test_overlay_attributes_can_be_set_on_a_layer(shop: Workshop, tmp_path: Path) -> None:
    await shop.runtime.work("kernel.tasks:write", {"raw": "1"}, root=str(tmp_path))
    assert os.getxattr(tmp_path / "opaque", "trusted.overlay.opaque") == b"y"


async def test_nothing_is_imported_from_the_root(shop: Workshop, tmp_path: Path) -> None:
    """CVE-2019-14271: the image has a module at every place that the worker's own path names."""
    for entry in (Path("/"), Path(os.__file__).parent, Path(__file__).parent.parent):
        place = tmp_path / str(entry).lstrip("/")
        (place / "encodings").mkdir(parents=True, exist_ok=True)
        for name in ("planted.py", "encodings/planted.py"):
            (place / name).write_text("open('/pwned', 'w')\n")
    assert "refused" in await shop.runtime.work("kernel.tasks:late_import", {}, root=str(tmp_path))
    assert "refused" in await shop.runtime.work("kernel.tasks:late_codec", {}, root=str(tmp_path))
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("conflict", Conflict, "taken"),
        ("start", StartFailed, "no"),
        ("os", Internal, "fail: No such file or directory: /some/where"),
        ("bug", Internal, "ValueError: wrong"),
        ("exit", Internal, "died"),
        ("kill", Internal, "died"),
    ],
)
async def test_errors_come_back(
    shop: Workshop, tmp_path: Path, how: str, kind: type[PydockError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        await shop.runtime.work("kernel.tasks:fail", {"how": how}, root=str(tmp_path))


@pytest.mark.parametrize("name", ["kernel.tasks:nothing", "kernel.nowhere:x", "kernel.tasks"])
async def test_a_function_that_is_not_there(shop: Workshop, name: str) -> None:
    with pytest.raises(Unsupported):
        await shop.runtime.work(name, {})


async def test_a_root_that_is_not_there(shop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(Internal, match="No such file"):
        await shop.runtime.work("kernel.tasks:echo", {}, root=str(tmp_path / "absent"))


async def test_it_dies_with_its_caller(shop: Workshop) -> None:
    pids: asyncio.Queue[int] = asyncio.Queue()
    work = asyncio.create_task(
        shop.runtime.work("kernel.tasks:wait", {}, progress=lambda news: pids.put_nowait(news["pid"]))
    )
    pid = await pids.get()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert work.cancelled()
    await gone(pid)


async def test_large_arguments_and_results(shop: Workshop) -> None:
    large = {"data": os.urandom(3_000_000)}
    result = await shop.runtime.work("kernel.tasks:echo", large)
    assert result["args"] == large
