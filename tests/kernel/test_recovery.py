"""What the next engine finds after kills and reboots, and sets right."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, clean, make_paths, opened
from pydock.core.engine import Engine
from pydock.core.errors import NotFound
from pydock.core.schema.containers import HostConfig, RestartPolicy

TRAP = "trap 'echo term; exit 5' TERM; echo up; while :; do sleep 0.05; done"


async def test_containers_go_on_without_an_engine(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sh", "-c", "echo one; sleep 0.3; echo two; exit 4")
        pid = (await box.containers.inspect(identity)).state.pid
        await box.engine.__aexit__(None, None, None)
        with os.fdopen(os.pidfd_open(pid)) as process:
            await _readable(process.fileno())
        async with Engine(make_paths(tmp_path)) as second:
            again = Box(second)
            waiting = await again.containers.wait(identity)
            assert await asyncio.wait_for(waiting, BOUND_S) == 4
            assert await again.log(identity) == "one\ntwo\n"
            assert [e.action for e in await again.events(identity)] == ["create", "start", "die"]
            await clean(second)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await asyncio.wait_for(ready, BOUND_S)
    finally:
        loop.remove_reader(descriptor)


async def test_auto_remove_happens_after_the_engine_died(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sh", "-c", "sleep 0.2", host=HostConfig(auto_remove=True))
        pid = (await box.containers.inspect(identity)).state.pid
        await box.engine.__aexit__(None, None, None)
        with os.fdopen(os.pidfd_open(pid)) as process:
            await _readable(process.fileno())
        async with Engine(make_paths(tmp_path)) as second:
            with pytest.raises(NotFound):
                await second.containers.inspect(identity)
            assert list(second.paths.containers.iterdir()) == []


async def test_a_killed_shim_is_noticed_while_the_engine_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sleep", "60")
        waiting = await box.containers.wait(identity)
        os.kill(_shim_of(box, identity), signal.SIGKILL)
        assert await asyncio.wait_for(waiting, BOUND_S) == 137
        assert await box.state(identity) == "exited"
        assert await box.finish(await box.create("true")) == 0


async def test_a_shim_killed_without_an_engine_is_cleaned_up_by_the_next(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sleep", "60", name="lost")
        pid = (await box.containers.inspect(identity)).state.pid
        shim = _shim_of(box, identity)
        await box.engine.__aexit__(None, None, None)
        os.kill(shim, signal.SIGKILL)
        async with Engine(make_paths(tmp_path)) as second:
            assert second.recovered == ["container lost had lost its shim: exited (137)"]
            assert await Box(second).state(identity) == "exited"
            assert _is_gone(pid)
            await clean(second)


async def test_after_a_reboot_policies_decide_who_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        plain = await box.running("sleep", "60", name="plain")
        always = await box.running("sleep", "60", host=_policy("always"), name="always")
        by_hand = await box.running("sleep", "60", host=_policy("unless-stopped"), name="by-hand")
        await box.containers.stop(by_hand, timeout=0)
        for identity in (plain, always):
            await box.containers.kill(identity)
        _pretend_reboot(box.engine, plain, always, by_hand)
        await box.engine.__aexit__(None, None, None)
        async with Engine(make_paths(tmp_path)) as second:
            again = Box(second)
            assert "container plain ended with the last boot" in second.recovered
            await _until_running(again, always)
            assert await again.state(plain) == "exited"
            assert await again.state(by_hand) == "exited"
            await clean(second)


def _policy(name: str) -> HostConfig:
    return HostConfig(restart_policy=RestartPolicy(name=name))


def _pretend_reboot(engine: Engine, *running_or_not: str) -> None:
    """Make the records those of an earlier boot, as a power cut leaves them."""
    import msgspec

    from pydock.core.containers.states import Status

    book = engine.containers._ctx.book
    for identity in running_or_not:
        record = book.get(identity)
        assert record is not None
        stopped = record.stopped_by_hand and record.name == "by-hand"
        status = Status.EXITED if stopped else Status.RUNNING
        book.containers.replace(
            msgspec.structs.replace(
                record, boot_id="an earlier one", status=status, pid=0, stopped_by_hand=stopped
            )
        )


async def _until_running(box: Box, identity: str) -> None:
    changes = box.engine.containers._ctx.changes
    book = box.engine.containers._ctx.book

    def running() -> bool:
        record = book.get(identity)
        return record is not None and record.pid > 0

    await asyncio.wait_for(changes.until(identity, running), BOUND_S)


async def test_half_made_containers_are_swept(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        await box.engine.__aexit__(None, None, None)
        orphan = "ab" * 32
        (box.engine.paths.container(orphan) / "upper").mkdir(parents=True)
        (box.engine.paths.tmp / "container-x.1").mkdir()
        async with Engine(make_paths(tmp_path)) as second:
            assert second.recovered == [f"removed what was left of container {orphan[:12]}"]
            assert list(second.paths.containers.iterdir()) == []
            assert list(second.paths.tmp.iterdir()) == []


VICTIM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kernel.engines import Box, make_paths
from pydock.core.engine import Engine

async def main():
    async with Engine(make_paths(Path(sys.argv[1]))) as engine:
        box = Box(engine)
        print("ready", flush=True)
        while True:
            identity = await box.running("sh", "-c", "echo alive; sleep 60")
            await box.containers.restart(identity, timeout=0)
            print(identity, flush=True)

asyncio.run(main())
"""


MOMENTS = 50


async def test_an_engine_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """What was answered has happened; what was under way ends one way or the other, and nothing is left."""
    dice = random.Random(2)
    async with opened(tmp_path) as box:
        paths = box.engine.paths
    for moment in range(MOMENTS):
        complete = await _killed_after(tmp_path, dice.uniform(0, 0.15))
        async with Engine(make_paths(tmp_path)) as second:
            again = Box(second)
            for identity in complete:
                assert await again.state(identity) == "running", moment
                assert "alive\n" in await again.log(identity), moment
            rows = await again.containers.list(all=True)
            for row in rows:
                await _until_agreed(again, row.id)
            assert {p.name for p in paths.containers.iterdir()} == {row.id for row in rows}
            await clean(second)
        assert list(paths.run_containers.iterdir()) == []


async def _killed_after(place: Path, delay: float) -> list[str]:
    """Kill an engine that is busy; returns the ids of the containers that it had finished with."""
    tests = str(Path(__file__).parents[1])
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, str(place), tests, stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    await asyncio.wait_for(victim.stdout.readline(), BOUND_S)
    try:
        async with asyncio.timeout(delay):
            await victim.wait()
    except TimeoutError:
        victim.kill()
    rest = await asyncio.wait_for(victim.stdout.read(), BOUND_S)
    await victim.wait()
    return rest.decode().split()


async def _until_agreed(box: Box, identity: str) -> None:
    """Wait until the record says what is; a start that was under way ends one way or the other."""
    context = box.engine.containers._ctx

    def agreed() -> bool:
        record = context.book.get(identity)
        return record is not None and record.alive == context.runtime.alive(identity)

    await asyncio.wait_for(context.changes.until(identity, agreed), BOUND_S)


def _is_gone(pid: int) -> bool:
    """Tell whether a process has ended; init may not have reaped it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _shim_of(box: Box, identity: str) -> int:
    """Find the shim by what it holds: it is the parent of the container's first process."""
    record = box.engine.containers._ctx.book.get(identity)
    assert record is not None
    fields = Path(f"/proc/{record.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])
