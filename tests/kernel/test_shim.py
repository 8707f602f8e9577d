"""A container's life under its shim: output, exit code, stop, restart, limits, and its end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from kernel.shims import PARENT, Workshop, alive, free_socket, gone, parent, read_all, read_until, workshop
from pydock.core.errors import Conflict, NotFound, StartFailed
from pydock.core.runtime import cgroups, host
from pydock.core.runtime.records import Restart


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Workshop]:
    async with workshop() as made:
        yield made


async def test_output_exit_code_and_journal_are_right(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "echo out; echo err >&2; printf tail; exit 7")
    ended = await shop.down(request.id)
    assert ended["code"] == 7
    assert (ended["oom"], ended["restarting"]) == (False, False)
    assert [event["event"] for event in shop.events(request.id)] == ["start", "exit"]
    assert [event["n"] for event in shop.events(request.id)] == [1, 2]
    assert shop.output(request.id) == "out\ntail"
    assert shop.output(request.id, "stderr") == "err\n"


async def test_exit_code_of_a_signal(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "sh -c 'kill -9 $$'; exit $?")
    assert (await shop.down(request.id))["code"] == 137


@pytest.mark.parametrize(("args", "code"), [(("nothing-there",), 127), (("/etc",), 126)])
async def test_a_program_that_cannot_start(shop: Workshop, args: tuple[str, ...], code: int) -> None:
    request = shop.request(*args)
    with pytest.raises(StartFailed) as caught:
        await shop.start(request)
    assert caught.value.exit_code == code
    assert not shop.runtime.alive(request.id)
    assert [event["event"] for event in shop.events(request.id)] == ["start_failed"]
    assert not await shop.runtime.reap(request.id)


async def test_a_second_start_waits_for_the_first_or_is_refused(shop: Workshop) -> None:
    request = await shop.run("true")
    await shop.until(request.id, lambda r: r["event"] == "exit")
    # The first shim may still be at work on what is left.
    await shop.start(request)
    await shop.until(request.id, lambda r: r["event"] == "exit" and r["n"] == 4)
    assert [event["n"] for event in shop.events(request.id)] == [1, 2, 3, 4]


async def test_stop_ends_a_process_that_listens(shop: Workshop) -> None:
    request, stream = await shop.watch(
        "sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done"
    )
    await read_until(stream, b"ready")
    await shop.runtime.stop(request.id, signal.SIGTERM, 20)
    assert (await shop.down(request.id))["code"] == 3


async def test_stop_kills_after_the_grace(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "trap '' TERM INT HUP QUIT; while :; do sleep 1; done")
    await shop.runtime.stop(request.id, signal.SIGTERM, 0.05)
    assert (await shop.down(request.id))["code"] == 137


async def test_stop_completes_when_the_engine_is_gone(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    with socket.socket(socket.AF_UNIX) as engine:
        directory = os.open(request.run_dir, os.O_PATH)
        engine.connect(f"/proc/self/fd/{directory}/shim.sock")
        os.close(directory)
        engine.sendall(b'{"op": "stop", "signal": 15, "grace_s": 0.3}\n')
    assert (await shop.down(request.id))["code"] == 137


async def test_signals_reach_the_first_process(shop: Workshop) -> None:
    request, stream = await shop.watch(
        "sh", "-c", "trap 'echo got' USR1; echo ready; while :; do sleep 0.01; done"
    )
    await read_until(stream, b"ready")
    await shop.runtime.signal(request.id, signal.SIGUSR1)
    await read_until(stream, b"got")
    await shop.runtime.signal(request.id, signal.SIGKILL)
    assert (await shop.down(request.id))["code"] == 137
    with pytest.raises(NotFound):
        await shop.runtime.signal(request.id, signal.SIGUSR1)


async def test_it_starts_again_on_failure_as_often_as_allowed(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "echo once; exit 4", restart=Restart("on-failure", 2))
    ended = await shop.down(request.id)
    assert (ended["code"], ended["restart_count"]) == (4, 2)
    assert [e["event"] for e in shop.events(request.id)] == ["start", "exit"] * 3
    assert [e["restarting"] for e in shop.events(request.id) if e["event"] == "exit"] == [True, True, False]
    assert shop.output(request.id) == "once\n" * 3


async def test_stop_between_two_starts_ends_the_restarts(shop: Workshop) -> None:
    request = await shop.run("false", restart=Restart("always"))
    await shop.until(request.id, lambda r: r["event"] == "exit" and r["restart_count"] == 2)
    await shop.runtime.stop(request.id, signal.SIGTERM, 1)
    assert not (await shop.down(request.id))["restarting"]
    assert not shop.runtime.alive(request.id)


async def test_a_killed_container_does_not_come_back(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000", restart=Restart("always"))
    await shop.runtime.signal(request.id, signal.SIGKILL)
    ended = await shop.down(request.id)
    assert (ended["code"], ended["restarting"]) == (137, False)


async def test_pause_and_resume(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    await shop.runtime.pause(request.id)
    with pytest.raises(Conflict, match="already paused"):
        await shop.runtime.pause(request.id)
    with pytest.raises(Conflict, match="is paused"):
        await shop.exec(request.id, "true")
    await shop.runtime.resume(request.id)
    with pytest.raises(Conflict, match="not paused"):
        await shop.runtime.resume(request.id)
    assert [e["event"] for e in shop.events(request.id)] == ["start", "pause", "resume"]


async def test_stop_ends_a_paused_container(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    await shop.runtime.pause(request.id)
    await shop.runtime.stop(request.id, signal.SIGTERM, 0.05)
    assert (await shop.down(request.id))["code"] == 137


async def test_oom_is_told(shop: Workshop) -> None:
    request = await shop.run(
        "sh", "-c", "tail /dev/zero", limits={"memory": {"limit": 16 << 20, "swap": 16 << 20}}
    )
    ended = await shop.down(request.id)
    assert (ended["code"], ended["oom"]) == (137, True)


async def test_limits_change_while_it_runs(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    await shop.runtime.update(request.id, {"pids": {"limit": 77}})
    directories = dict(cgroups.group(f"/{PARENT}/{request.id}", host.probe()).directories)
    directory = directories.get("pids", directories.get("", ""))
    assert Path(directory, "pids.max").read_text() == "77\n"


async def test_what_it_left_running_ends_with_it(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "sleep 1000 & echo $!", pid_namespace=False)
    ended = await shop.down(request.id)
    assert ended["code"] == 0
    assert not alive(int(shop.output(request.id)))


async def test_a_held_output_pipe_does_not_hold_the_container(shop: Workshop) -> None:
    request = await shop.run("sh", "-c", "sleep 1; echo end")
    started = next(e for e in shop.events(request.id) if e["event"] == "start")
    held = os.open(f"/proc/{started['pid']}/fd/1", os.O_WRONLY)
    ended = await shop.down(request.id)
    os.close(held)
    assert ended["code"] == 0
    assert shop.output(request.id) == "end\n"


async def test_reserved_sockets_are_held_until_the_end(shop: Workshop) -> None:
    request = shop.request("sleep", "1000")
    with free_socket() as reserved:
        address = reserved.getsockname()
        await shop.start(request, sockets=[reserved.fileno()])
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(address)
    await shop.runtime.stop(request.id, signal.SIGKILL, 0)
    with socket.socket() as other:
        other.bind(address)


async def test_more_sockets_than_one_message_takes(shop: Workshop) -> None:
    request = shop.request("sleep", "1000")
    reserved = [free_socket() for _ in range(450)]
    addresses = [one.getsockname() for one in reserved]
    await shop.start(request, sockets=[one.fileno() for one in reserved])
    for one in reserved:
        one.close()
    for address in (addresses[0], addresses[249], addresses[-1]):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(address)


async def test_the_run_directory_is_closed_to_others(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    directory = Path(request.run_dir)
    assert directory.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"shim.sock", "shim.lock", "journal"} <= set(modes)
    listing = Path("/proc/net/unix").read_text().splitlines()
    assert not [line for line in listing if "@" in line and "pydock" in line]


async def test_a_long_run_directory(shop: Workshop) -> None:
    deep = shop.paths.run / ("x" * 120)
    deep.mkdir(mode=0o700)
    shop.paths = type(shop.paths)(shop.paths.root, deep)
    shop.paths.create()
    shop.runtime._paths = shop.paths
    request = await shop.run("sleep", "1000")
    await shop.runtime.stop(request.id, signal.SIGKILL, 0)
    assert (await shop.down(request.id))["code"] == 137


async def test_a_dead_shim_is_cleaned_up(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000", limits={"pids": {"limit": 10}})
    started = shop.events(request.id)[0]
    with pytest.raises(Conflict):
        await shop.runtime.reap(request.id)
    shim = parent(started["pid"])
    os.kill(shim, signal.SIGKILL)
    await gone(shim)
    assert await shop.runtime.reap(request.id)
    ended = shop.events(request.id)[-1]
    assert (ended["event"], ended["code"], ended["reaped"]) == ("exit", 137, True)
    assert not alive(started["pid"])
    assert not any(
        os.path.exists(d) for _, d in cgroups.group(f"/{PARENT}/{request.id}", host.probe()).directories
    )
    assert not await shop.runtime.reap(request.id)
    await shop.start(request)


async def test_a_restart_that_cannot_start_is_the_end(shop: Workshop) -> None:
    request = await shop.run("/bin/ash", "-c", "rm /bin/ash", restart=Restart("always"))
    ended = await shop.down(request.id)
    assert ended["code"] == 127
    assert "no such file" in ended["error"]
    assert [e["event"] for e in shop.events(request.id)] == ["start", "exit", "exit"]
    assert not shop.runtime.alive(request.id)


async def test_a_client_that_does_not_read_does_not_delay_the_next_start(shop: Workshop) -> None:
    request, stream = await shop.watch("sh", "-c", "head -c 300000 /dev/zero")
    await shop.down(request.id)
    await shop.start(request)
    await shop.until(request.id, lambda r: r["event"] == "exit" and r["n"] == 4)
    assert len(await read_all(stream)) > 300_000
