from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from pydock.core.state.locks import Locks

HOLDER = """
import asyncio, sys
from pathlib import Path
from pydock.core.state.locks import Locks
async def main():
    async with Locks(Path(sys.argv[1])).hold("container", "web"):
        print("held", flush=True)
        sys.stdin.readline()
asyncio.run(main())
"""


def holder(directory: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


async def test_tasks_of_one_engine_take_turns(tmp_path: Path) -> None:
    locks, inside, most = Locks(tmp_path), 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with locks.hold("container", "web"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(work())
    assert most == 1
    assert list(tmp_path.iterdir()) == []


async def test_other_objects_are_free(tmp_path: Path) -> None:
    locks = Locks(tmp_path)
    async with locks.hold("container", "a"), locks.hold("container", "b"), locks.hold("image", "a"):
        assert len(list(tmp_path.iterdir())) == 3


async def test_names_with_slashes_stay_inside_the_directory(tmp_path: Path) -> None:
    async with Locks(tmp_path).hold("volume", "../../etc/passwd"):
        (file,) = tmp_path.iterdir()
        assert file.name.startswith("volume-")


async def test_waits_for_another_process_without_blocking_the_loop(tmp_path: Path) -> None:
    with holder(tmp_path) as process:

        async def wait() -> None:
            async with Locks(tmp_path).hold("container", "web"):
                pass

        waiting = asyncio.ensure_future(wait())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        process.communicate("go\n")
        await asyncio.wait_for(waiting, 20)
    assert list(tmp_path.iterdir()) == []


async def test_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
    async with asyncio.timeout(20), Locks(tmp_path).hold("container", "web"):
        pass


async def test_cancelled_wait_does_not_keep_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        locks = Locks(tmp_path)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0), locks.hold("container", "web"):
                pass
        process.communicate("go\n")
        async with asyncio.timeout(20), locks.hold("container", "web"):
            pass


async def test_sharers_meet_and_shut_out_who_wants_to_be_alone(tmp_path: Path) -> None:
    locks, other = Locks(tmp_path), Locks(tmp_path)
    async with locks.share("content", "all"):
        async with other.share("content", "all"):
            with locks.try_alone("content", "all") as alone:
                assert not alone
        with other.try_alone("content", "all") as alone:
            assert not alone
    with other.try_alone("content", "all") as alone:
        assert alone


async def test_sharer_waits_for_who_is_alone(tmp_path: Path) -> None:
    locks = Locks(tmp_path)

    async def wait() -> None:
        async with locks.share("content", "all"):
            pass

    with locks.try_alone("content", "all"):
        waiting = asyncio.ensure_future(wait())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 20)
