"""Logs of real containers: tail, times, following, rotation, long lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, demultiplex, opened
from pydock.core.errors import Unsupported
from pydock.core.schema.containers import HostConfig, LogConfig
from pydock.core.units import parse_timestamp


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path) as box:
        yield box


async def _followed(box: Box, identity: str) -> bytes:
    _, chunks = await box.containers.logs(identity, follow=True)
    async with asyncio.timeout(BOUND_S):
        data = b"".join([chunk async for chunk in chunks])
    return b"".join(text for _, text in demultiplex(data))


async def test_tail_and_streams(box: Box) -> None:
    identity = await box.create("sh", "-c", "for i in 1 2 3; do echo $i; done; echo err >&2")
    await box.finish(identity)
    assert await box.log(identity, stderr=False) == "1\n2\n3\n"
    assert await box.log(identity, stdout=False) == "err\n"
    assert await box.log(identity, tail=0) == ""
    assert await box.log(identity, tail=2, stderr=False) in ("3\n", "2\n3\n")
    assert sorted(await box.log(identity)) == sorted("1\n2\n3\nerr\n")


async def test_timestamps_bound_what_is_read(box: Box) -> None:
    identity = await box.create("echo", "x")
    await box.finish(identity)
    stamp, _, text = (await box.log(identity, timestamps=True)).partition(" ")
    assert text == "x\n"
    at = parse_timestamp(stamp)
    assert await box.log(identity, since=at + 1) == ""
    assert await box.log(identity, since=at) == "x\n"
    assert await box.log(identity, until=at - 1) == ""


async def test_details_show_chosen_labels_and_variables(box: Box) -> None:
    log = LogConfig(type="json-file", config={"labels": "k", "env": "E"})
    identity = await box.create(
        "echo", "detail", host=HostConfig(log_config=log), labels={"k": "v"}, env=["E=1"]
    )
    await box.finish(identity)
    assert await box.log(identity, details=True) == "E=1,k=v detail\n"


async def test_following_ends_with_the_container(box: Box) -> None:
    script = "for i in 1 2 3 4 5; do echo $i; sleep 0.02; done"
    identity = await box.running("sh", "-c", script)
    assert await _followed(box, identity) == b"1\n2\n3\n4\n5\n"


async def test_following_across_rotations_loses_and_repeats_nothing(box: Box) -> None:
    log = LogConfig(type="json-file", config={"max-size": "8k", "max-file": "50"})
    script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done"
    identity = await box.create("sh", "-c", script, host=HostConfig(log_config=log))
    await box.containers.start(identity)
    expected = b"".join(b"line %d\n" % n for n in range(2000))
    assert await _followed(box, identity) == expected
    assert (await box.log(identity)).encode() == expected
    assert await box.log(identity, tail=300) == "".join(f"line {n}\n" for n in range(1700, 2000))


async def test_lines_longer_than_a_piece_are_whole_again(box: Box) -> None:
    identity = await box.create("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end")
    await box.finish(identity)
    lines = (await box.log(identity, timestamps=True)).splitlines()
    assert [len(line.partition(" ")[2]) for line in lines] == [100000, 3]
    assert len((await box.log(identity, tail=2)).splitlines()[0]) == 100000


async def test_a_terminals_log_is_raw(box: Box) -> None:
    identity = await box.create("echo", "x", tty=True)
    await box.finish(identity)
    assert await box.log(identity) == "x\r\n"


async def test_the_driver_none_keeps_nothing(box: Box) -> None:
    identity = await box.create("echo", "x", host=HostConfig(log_config=LogConfig(type="none")))
    await box.finish(identity)
    with pytest.raises(Unsupported, match="configured logging driver does not support reading"):
        await box.log(identity)
    assert not list(box.engine.paths.container(identity).glob("*.log"))
