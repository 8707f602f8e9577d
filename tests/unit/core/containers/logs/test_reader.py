"""Reading log files: tails, rotation, truncation, following; files are written by the shim's own writer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.core.containers.logs.entry import Query
from pydock.core.containers.logs.reader import Watch, read
from pydock.core.runtime.records import LogFile
from pydock.core.runtime.shim.log_file import STDERR, STDOUT, LogWriter
from pydock.core.units import parse_timestamp

BOUND_S = 20


def _writer(path: Path, max_size: int = 0, max_files: int = 1, **attributes: str) -> LogWriter:
    writer = LogWriter(LogFile("json-file", str(path), max_size, max_files, tuple(attributes.items())))
    writer.open()
    return writer


async def _text(path: Path, framed: bool = False, **query: object) -> bytes:
    return b"".join([c async for c in read(str(path), Query(**query), framed=framed)])  # type: ignore[arg-type]


@pytest.mark.parametrize("tail", [0, 1, 3, 10, 100, None])
async def test_the_tail_is_the_last_lines(tmp_path: Path, tail: int | None) -> None:
    writer = _writer(tmp_path / "log")
    for n in range(30):
        writer.write(STDOUT, b"line %d\n" % n)
    lines = [b"line %d\n" % n for n in range(30)]
    assert await _text(tmp_path / "log", tail=tail) == b"".join(
        lines if tail is None else lines[30 - min(tail, 30) :]
    )


async def test_the_tail_reaches_into_rotated_files(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log", 500, 20)
    for n in range(60):
        writer.write(STDOUT, b"line %d\n" % n)
    assert (tmp_path / "log.3").exists()
    for tail in (1, 7, 30, 59, 60, 61):
        lines = b"".join(b"line %d\n" % n for n in range(60)[-tail:])
        assert await _text(tmp_path / "log", tail=tail) == lines


async def test_long_lines_count_once_and_come_whole(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log")
    long = b"x" * 40_000
    writer.write(STDOUT, b"first\n" + long + b"\nlast\n")
    assert await _text(tmp_path / "log", tail=2) == long + b"\nlast\n"
    stamped = await _text(tmp_path / "log", tail=2, timestamps=True)
    assert stamped.count(b"Z ") == 2


async def test_output_without_a_newline_is_a_line(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log")
    writer.write(STDOUT, b"a\nb")
    writer.finish()
    assert await _text(tmp_path / "log", tail=1) == b"b"
    assert await _text(tmp_path / "log", tail=2) == b"a\nb"


async def test_frames_streams_details(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log", b="x y", a="1")
    writer.write(STDOUT, b"out\n")
    writer.write(STDERR, b"err\n")
    assert await _text(tmp_path / "log", framed=True) == b"\1\0\0\0\0\0\0\4out\n\2\0\0\0\0\0\0\4err\n"
    assert await _text(tmp_path / "log", stdout=False) == b"err\n"
    assert await _text(tmp_path / "log", stderr=False, details=True) == b"a=1,b=x+y out\n"


async def test_times_choose(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        for second in (1, 2, 3):
            record = {"log": f"{second}\n", "stream": "stdout", "time": f"2026-01-01T00:00:0{second}Z"}
            file.write(json.dumps(record) + "\n")
    second = parse_timestamp("2026-01-01T00:00:02Z")
    assert await _text(path, since=second) == b"2\n3\n"
    assert await _text(path, until=second) == b"1\n2\n"
    assert await _text(path, tail=1, timestamps=True) == b"2026-01-01T00:00:03.000000000Z 3\n"


async def test_what_is_no_record_is_skipped(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log")
    writer.write(STDOUT, b"a\n")
    with (tmp_path / "log").open("ab") as file:
        file.write(b'{"log":"cut\n\xff\xfe\n' + b"y" * 300_000 + b"\n")
    writer.write(STDOUT, b"b\n")
    assert await _text(tmp_path / "log") == b"a\nb\n"
    assert await _text(tmp_path / "absent") == b""


@settings(max_examples=40)
@given(
    st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"") + b"\n"), max_size=30),
    st.integers(1, 40),
)
async def test_tails_of_anything(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], tail: int
) -> None:
    path = tmp_path_factory.mktemp("logs") / "log"
    writer = _writer(path, 200, 60)
    for line in lines:
        writer.write(STDOUT, line)
    expected = b"".join(lines[-tail:]).decode(errors="replace")
    assert len((await _text(path, tail=tail)).decode().splitlines()) == len(expected.splitlines())


async def test_a_follower_sees_everything_once_across_rotations(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = _writer(path, 2000, 1000)
    ended = False
    seen = b""

    async def follow(watch: Watch) -> None:
        nonlocal seen
        async for chunk in read(
            str(path), Query(follow=True), framed=False, watch=watch, ended=lambda: ended
        ):
            seen += chunk

    async with Watch(str(tmp_path)) as watch, asyncio.timeout(BOUND_S), asyncio.TaskGroup() as group:
        group.create_task(follow(watch))
        for n in range(3000):
            writer.write(STDOUT, b"line %d\n" % n)
            if n % 7 == 0:
                await asyncio.sleep(0)
        ended = True
        watch.wake()
    assert seen == b"".join(b"line %d\n" % n for n in range(3000))


async def test_a_follower_goes_on_after_truncation(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = _writer(path, 150, 1)
    chunks: list[bytes] = []
    ended = False
    arrived = asyncio.Event()

    async def follow(watch: Watch) -> None:
        async for chunk in read(
            str(path), Query(follow=True), framed=False, watch=watch, ended=lambda: ended
        ):
            chunks.append(chunk)
            arrived.set()

    async with Watch(str(tmp_path)) as watch, asyncio.timeout(BOUND_S), asyncio.TaskGroup() as group:
        group.create_task(follow(watch))
        for n in range(8):
            writer.write(STDOUT, b"line %d\n" % n)
            await arrived.wait()
            arrived.clear()
        ended = True
        watch.wake()
    assert b"".join(chunks) == b"".join(b"line %d\n" % n for n in range(8))


async def test_until_ends_a_follower(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = _writer(path)
    writer.write(STDOUT, b"a\n")
    query = Query(follow=True, until=1)
    async with Watch(str(tmp_path)) as watch, asyncio.timeout(BOUND_S):
        chunks = [c async for c in read(str(path), query, framed=False, watch=watch, ended=lambda: False)]
    assert chunks == []
