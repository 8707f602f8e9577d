"""Full file systems: neither the container nor its exit code depends on a byte of room."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_asyncio

from kernel.shims import Workshop, read_until, workshop
from pydock.core.bell import Bell
from pydock.core.linux import mount as m


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Workshop]:
    async with workshop() as made:
        yield made


@contextmanager
def small(place: Path) -> Iterator[None]:
    """A file system of 64 KiB at `place`."""
    place.mkdir(parents=True, exist_ok=True)
    m.mount("pydock-test", str(place), "tmpfs", 0, "size=64k,mode=700")
    try:
        yield
    finally:
        m.umount2(str(place), m.MNT_DETACH)


async def test_a_full_log_file_system_stops_nothing(shop: Workshop) -> None:
    place = shop.paths.root / "small"
    with small(place):
        log = {"path": str(place / "log")}
        request = await shop.run("sh", "-c", "seq 1 20000; exit 4", log=log)
        assert (await shop.down(request.id))["code"] == 4
        lines = (place / "log").read_text().splitlines()
        written = [json.loads(line)["log"] for line in lines]
    events = {event["event"]: event for event in shop.events(request.id)}
    assert list(events) == ["start", "log_trouble", "log_dropped", "exit"]
    assert written == [f"{n}\n" for n in range(1, len(written) + 1)]
    assert events["log_dropped"]["lines"] == 20000 - len(written)
    assert "No space left" in events["log_trouble"]["error"]


async def test_an_exit_code_waits_for_room(shop: Workshop) -> None:
    request = shop.request("sh", "-c", "echo ready; read line; exit 9", open_stdin=True)
    directory = Path(request.run_dir)
    with small(directory):
        waiting = await shop.runtime.waiting(stdin=True, stdout=True, stderr=True)
        shop.streams.append(waiting.stream)
        await shop.start(request, attached=[waiting])
        await read_until(waiting.stream, b"ready")
        filler = os.open(directory / "filler", os.O_WRONLY | os.O_CREAT)
        _fill(filler, directory / "journal")
        async with Bell(str(shop.paths.engines)) as bell:
            await waiting.stream.write(b"go\n")
            # It tells of its end, although it can't write it down.
            await anext(aiter(bell))
        assert shop.runtime.alive(request.id)
        os.ftruncate(filler, 0)
        os.close(filler)
        assert (await shop.down(request.id))["code"] == 9


def _fill(filler: int, journal: Path) -> None:
    """Leave no room, also not on the page that the journal has begun."""
    try:
        while True:
            os.write(filler, b"x" * 4096)
    except OSError:
        pass
    padding = b" " * (-journal.stat().st_size % 4096 - 1) + b"\n"
    with journal.open("ab") as file:
        file.write(padding)


async def test_engines_hear_of_every_record(shop: Workshop) -> None:
    async with Bell(str(shop.paths.engines)) as bell:
        request = await shop.run("true")
        assert await anext(aiter(bell)) == b"c " + request.id.encode()
        await shop.down(request.id)
