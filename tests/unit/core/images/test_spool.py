from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pydock.core.config import Limits, Paths
from pydock.core.digest import of
from pydock.core.errors import Invalid, NotFound
from pydock.core.images.blobs import Blobs
from pydock.core.images.spool import Spool, feed


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    paths = Paths(tmp_path / "root", tmp_path / "run")
    paths.create()
    return Blobs(paths)


def archive(**links: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        for name, data in (("a/layer.tar", b"layer"), ("x", b"text"), ("../out", b"evil")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
        for name, link in links.items():
            entry = tarfile.TarInfo(name.replace("_", "/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            made.addfile(entry)
    return target.getvalue()


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_members_by_name_and_through_links(blobs: Blobs, tmp_path: Path) -> None:
    with Spool(blobs, Limits()) as spool:
        await spool.fill(chunks(archive(b_layer="../a/layer.tar", loop="loop", out="/etc/passwd")))
        assert spool.read("./x", 100) == b"text"
        member = spool.get("b/layer")
        assert (member.size, member.digest) == (5, of(b"layer"))
        assert spool.find("loop") is None
        assert spool.find("out") is None
        assert spool.find("../out") is None
        with pytest.raises(Invalid, match="lacks 'nothing'"):
            spool.get("nothing")
        with pytest.raises(Invalid, match="larger than 3 bytes"):
            spool.read("x", 3)
    assert list((tmp_path / "root/tmp").iterdir()) == []


async def test_content_store(blobs: Blobs, tmp_path: Path) -> None:
    digest = blobs.write(b"content")
    assert blobs.write(b"content") == digest
    assert (blobs.read(digest), blobs.size(digest), blobs.has(digest)) == (b"content", 7, True)
    with blobs.opened(digest) as descriptor:
        assert descriptor > 2
    with pytest.raises(NotFound):
        blobs.read(of(b"other"))
    with pytest.raises(Invalid):
        blobs.path("sha256:../../../etc/passwd")
    kept = blobs.write(b"kept")
    blobs.aside().write_bytes(b"half")
    assert blobs.sweep({kept}) == 7
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [kept.removeprefix("sha256:")]


async def test_feed_joins_small_chunks_and_stops_with_its_consumer() -> None:
    got: list[bytes] = []

    def two(incoming: Iterator[bytes]) -> None:
        got.extend([next(incoming), next(incoming)])

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(300_000)
            await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await feed(endless(), two)
    assert [len(chunk) for chunk in got] == [1_200_000, 1_200_000]


async def test_feed_raises_what_either_side_raises() -> None:
    def failing(_: Iterator[bytes]) -> None:
        raise Invalid("consumer")

    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionResetError("sender")

    with pytest.raises(Invalid, match="consumer"):
        await feed(chunks(b"data"), failing)
    with pytest.raises(ConnectionResetError, match="sender"):
        await feed(broken(), lambda incoming: [None for _ in incoming] and None)
