"""The spawner: where it runs from, with whom it ends, and what a kill -9 at any moment leaves."""

from __future__ import annotations

import asyncio
import marshal
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from kernel.shims import PARENT, Workshop, alive, gone, parent, workshop
from pydock.core.errors import NotFound, PydockError
from pydock.core.runtime import cgroups, host, journal, wire
from pydock.core.runtime.records import StartRequest
from pydock.core.runtime.spawner import program

ENGINE = Path(__file__).with_name("engine.py")
PROGRAM = "i=0; while [ $i -lt 20 ]; do echo $i; i=$((i+1)); done; exit 3"


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Workshop]:
    async with workshop() as made:
        yield made


def _spawner(shop: Workshop) -> int:
    shop.runtime.warm()
    assert shop.runtime._spawner is not None
    return shop.runtime._spawner[0].pid


async def test_its_program_file_cannot_be_written(shop: Workshop) -> None:
    """CVE-2019-5736: what a container finds behind /proc/self/exe lies on a read-only mount."""
    await shop.runtime.work("kernel.tasks:echo", {})
    exe = os.open(f"/proc/{_spawner(shop)}/exe", os.O_PATH)
    assert os.fstatvfs(exe).f_flag & os.ST_RDONLY
    assert os.path.samestat(os.fstat(exe), os.stat(sys.executable))
    os.close(exe)


def test_the_copy_in_memory_can_not_be_written_either() -> None:
    copy = program._sealed_copy("/usr/bin/busybox")
    with pytest.raises(PermissionError):
        os.write(copy, b"x")
    assert (
        subprocess.run(["true"], executable=f"/proc/self/fd/{copy}", pass_fds=[copy], check=False).returncode
        == 0
    )
    os.close(copy)


async def test_nothing_is_imported_from_where_the_engine_stands(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ctypes", "socket", "marshal", "pydock"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert (await shop.runtime.work("kernel.tasks:echo", {}))["args"] == {}


async def test_it_is_started_again_when_it_was_killed(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    first = _spawner(shop)
    os.kill(first, signal.SIGKILL)
    await shop.run("sleep", "1000")
    assert _spawner(shop) != first
    assert shop.runtime.alive(request.id)
    await shop.runtime.stop(request.id, signal.SIGKILL, 0)


async def test_a_spawner_that_is_stopped_is_replaced_too(shop: Workshop) -> None:
    await shop.run("true")
    os.kill(_spawner(shop), signal.SIGSTOP)
    os.kill(_spawner(shop), signal.SIGKILL)
    await shop.run("true")


async def test_it_ends_with_its_engine_and_the_shims_do_not(shop: Workshop) -> None:
    request = shop.request("sleep", "1000")
    shop.started.append(request.id)
    with _engine(shop, [request]) as engine:
        assert engine.stdout is not None
        await asyncio.to_thread(engine.stdout.readline)
        assert await asyncio.to_thread(engine.stdout.readline) == b"started\n"
        shim = shop.shim_of(request.id)
        spawner = parent(shim)
        engine.kill()
        engine.wait()
        await gone(spawner)
    assert alive(shim)
    assert shop.runtime.alive(request.id)


async def test_it_forks_no_zombies(shop: Workshop) -> None:
    for _ in range(3):
        await shop.down((await shop.run("true")).id)
    children = Path(f"/proc/{_spawner(shop)}/task/{_spawner(shop)}/children")
    for pid in children.read_text().split():
        with suppress(FileNotFoundError):
            # One waits for the next container; that it dies must not matter either.
            if Path(f"/proc/{pid}/comm").read_text() == "pydock-ready\n":
                os.kill(int(pid), signal.SIGKILL)
        await gone(int(pid))
    await shop.down((await shop.run("true")).id)


@pytest.mark.parametrize("seed", range(25))
async def test_killing_the_engine_at_any_moment_loses_nothing(shop: Workshop, seed: int) -> None:
    requests = [shop.request("sh", "-c", PROGRAM) for _ in range(4)]
    shop.started += [request.id for request in requests]
    with _engine(shop, requests) as engine:
        assert engine.stdout is not None
        await asyncio.to_thread(engine.stdout.readline)
        # The moment of the kill is what this test varies.
        await asyncio.sleep(random.Random(seed).uniform(0, 0.35))
        engine.kill()
    await _all_is_right(shop, requests)


@pytest.mark.parametrize("seed", range(25))
async def test_killing_the_spawner_at_any_moment_loses_nothing(shop: Workshop, seed: int) -> None:
    requests = [shop.request("sh", "-c", PROGRAM) for _ in range(4)]
    dice = random.Random(seed)
    shop.runtime.warm()

    async def kill() -> None:
        await asyncio.sleep(dice.uniform(0, 0.2))
        os.kill(_spawner(shop), signal.SIGKILL)

    async with asyncio.TaskGroup() as group:
        group.create_task(kill())
        for request in requests:
            group.create_task(shop.start(request))
    await _all_is_right(shop, requests)
    for request in requests:
        assert [event["event"] for event in shop.events(request.id)] == ["start", "exit"]


@pytest.mark.parametrize("seed", range(25))
async def test_killing_the_shim_at_any_moment_leaves_nothing(shop: Workshop, seed: int) -> None:
    request = shop.request("sh", "-c", f"sleep 1000 & {PROGRAM}", pid_namespace=bool(seed % 2))
    dice = random.Random(seed)
    await shop.runtime.work("kernel.tasks:echo", {})

    async def kill() -> None:
        await asyncio.sleep(dice.uniform(0, 0.03))
        for child in Path(f"/proc/{_spawner(shop)}/task/{_spawner(shop)}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
            await gone(int(child))

    killing = asyncio.create_task(kill())
    try:
        await shop.start(request)
    except PydockError:
        pass
    await killing
    if shop.runtime.alive(request.id):
        await shop.down(request.id)
    await shop.runtime.reap(request.id)
    _nothing_is_left(request)
    assert not journal.running(shop.runtime.journal(request.id))
    await shop.start(request)


def _engine(shop: Workshop, requests: list[StartRequest]) -> subprocess.Popen[bytes]:
    file = shop.paths.run / "requests"
    file.write_bytes(marshal.dumps([wire.encode(request) for request in requests]))
    return subprocess.Popen(
        [sys.executable, ENGINE, shop.paths.root, shop.paths.run, file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


async def _all_is_right(shop: Workshop, requests: list[StartRequest]) -> None:
    """Every container that began came to its end, with its whole log and its code, and left nothing."""
    for request in requests:
        async with asyncio.timeout(20):
            while shop.runtime.alive(request.id):
                try:
                    await shop.runtime.stop(request.id, signal.SIGCONT, 10)
                except NotFound:
                    await asyncio.sleep(0)
        await shop.runtime.reap(request.id)
        events = shop.events(request.id)
        if events:
            assert [event["event"] for event in events] == ["start", "exit"]
            assert events[-1]["code"] == 3
            assert shop.output(request.id) == "".join(f"{n}\n" for n in range(20))
        _nothing_is_left(request)


def _nothing_is_left(request: StartRequest) -> None:
    group = cgroups.group(f"/{PARENT}/{request.id}", host.probe())
    assert [path for _, path in group.directories if os.path.exists(path)] == []
    assert request.id not in Path("/proc/self/mountinfo").read_text()
    assert not os.path.exists(f"{request.run_dir}/remains")
