"""Attach and exec: Docker's raw streams, with several clients, slow ones, and some that go away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from kernel.shims import Workshop, frames, gone, read_all, read_until, workshop
from pydock.core.errors import NotFound, StartFailed
from pydock.core.runtime.records import Started


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Workshop]:
    async with workshop() as made:
        yield made


async def test_a_client_before_the_start_misses_nothing(shop: Workshop) -> None:
    request, stream = await shop.watch("sh", "-c", "echo out; echo err >&2")
    assert frames(await read_all(stream)) == {1: b"out\n", 2: b"err\n"}
    await stream.close()
    await shop.down(request.id)


async def test_a_client_of_a_start_that_fails_sees_the_end(shop: Workshop) -> None:
    waiting = await shop.runtime.waiting(stdin=False, stdout=True, stderr=True)
    with pytest.raises(StartFailed):
        await shop.start(shop.request("nothing"), attached=[waiting])
    assert await read_all(waiting.stream) == b""
    await waiting.stream.close()


async def test_several_clients_see_the_same_and_only_what_they_asked_for(shop: Workshop) -> None:
    request, first = await shop.watch(
        "sh", "-c", "read line; echo $line; echo wrong >&2", stdin=True, open_stdin=True
    )
    second = await shop.runtime.attach(request.id, stdin=False, stdout=True, stderr=False)
    await first.write(b"hello\n")
    assert frames(await read_all(first)) == {1: b"hello\n", 2: b"wrong\n"}
    assert frames(await read_all(second)) == {1: b"hello\n"}
    await first.close()
    await second.close()


async def test_input_ends_with_the_first_client_when_it_is_for_once(shop: Workshop) -> None:
    request, stream = await shop.watch("cat", stdin=True, open_stdin=True, stdin_once=True)
    sent = os.urandom(500_000)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(read_all(stream))
        await stream.write(sent)
        await stream.close_write()
    assert frames(reading.result())[1] == sent
    await stream.close()
    assert (await shop.down(request.id))["code"] == 0


async def test_input_stays_open_for_the_next_client(shop: Workshop) -> None:
    request, first = await shop.watch("cat", stdin=True, open_stdin=True)
    await first.write(b"one\n")
    await read_until(first, b"one\n")
    await first.close()
    second = await shop.runtime.attach(request.id, stdin=True, stdout=True, stderr=True)
    await second.write(b"two\n")
    await read_until(second, b"two\n")
    await second.close()


async def test_a_terminal_is_raw_and_can_be_resized(shop: Workshop) -> None:
    request, stream = await shop.watch("sh", stdin=True, open_stdin=True, tty=True, console_size=(40, 100))
    await stream.write(b"stty size; tty\n")
    await read_until(stream, b"40 100\r\n")
    await shop.runtime.resize(request.id, 30, 90)
    await stream.write(b"stty size; exit 5\n")
    await read_until(stream, b"30 90\r\n")
    await read_all(stream)
    await stream.close()
    assert (await shop.down(request.id))["code"] == 5
    assert "30 90\r\n" in shop.output(request.id)


async def test_a_reader_that_stops_is_cut_off_and_the_container_goes_on(shop: Workshop) -> None:
    request, stream = await shop.watch("sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' 'x'")
    quick = await shop.runtime.attach(request.id, stdin=False, stdout=True, stderr=True)
    reading = asyncio.create_task(read_all(quick))
    assert (await shop.down(request.id))["code"] == 0
    await reading
    await quick.close()
    received = frames(await read_all(stream))
    assert b"detached" in received[3]
    assert len(received[1]) < 20_000_000
    await stream.close()


async def test_a_slow_reader_gets_everything(shop: Workshop) -> None:
    request, stream = await shop.watch("sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' 'x'")
    received = b""
    while data := await stream.read(4096):
        received += data
        await asyncio.sleep(0)
    assert len(frames(received)[1]) == 5_000_000
    await stream.close()
    await shop.down(request.id)


async def test_exec_streams_and_exit_code(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    exec_id, stream = await shop.exec(
        request.id, "sh", "-c", "echo out; echo err >&2; cat; exit 6", stdin=True
    )
    assert stream is not None
    await stream.write(b"input")
    await stream.close_write()
    assert frames(await read_all(stream)) == {1: b"out\ninput", 2: b"err\n"}
    await stream.close()
    state = await shop.runtime.exec_state(request.id, exec_id)
    assert (state.running, state.exit_code) == (False, 6)
    assert [e["event"] for e in shop.events(request.id)] == ["start", "exec_start", "exec_exit"]


async def test_exec_codes_are_known_after_the_container(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    exec_id, _ = await shop.exec(request.id, "sh", "-c", "exit 9", detach=True)
    await shop.until(request.id, lambda r: r["event"] == "exec_exit")
    running, _ = await shop.exec(request.id, "sleep", "1000", detach=True)
    assert (await shop.runtime.exec_state(request.id, running)).running
    await shop.runtime.signal(request.id, signal.SIGKILL)
    await shop.down(request.id)
    assert (await shop.runtime.exec_state(request.id, exec_id)).exit_code == 9
    assert (await shop.runtime.exec_state(request.id, running)).exit_code == 137
    with pytest.raises(NotFound):
        await shop.runtime.exec_state(request.id, "unknown")


@pytest.mark.parametrize(("program", "code"), [("nothing", 127), ("/etc", 126)])
async def test_exec_of_what_cannot_run(shop: Workshop, program: str, code: int) -> None:
    request = await shop.run("sleep", "1000")
    with pytest.raises(StartFailed) as caught:
        await shop.exec(request.id, program)
    assert caught.value.exit_code == code


async def test_exec_on_a_terminal(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    exec_id, stream = await shop.exec(request.id, "sh", tty=True, stdin=True, console_size=(24, 80))
    assert stream is not None
    await stream.write(b"stty size\n")
    await read_until(stream, b"24 80\r\n")
    await shop.runtime.resize(request.id, 11, 22, exec_id)
    await stream.write(b"stty size; exit\n")
    await read_until(stream, b"11 22\r\n")
    await read_all(stream)
    await stream.close()


async def test_an_exec_outlives_its_client(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    exec_id, stream = await shop.exec(
        request.id,
        "sh",
        "-c",
        "echo here; read line; yes | head -c 3000000; echo done > /tmp/done",
        stdin=True,
    )
    assert stream is not None
    await read_until(stream, b"here\n")
    await stream.close()
    ended = await shop.until(request.id, lambda r: r["event"] == "exec_exit")
    assert (ended["exec"], ended["code"]) == (exec_id, 0)


async def test_an_exec_waits_for_its_client(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    _, stream = await shop.exec(request.id, "sh", "-c", "head -c 9000000 /dev/zero")
    assert stream is not None
    assert len(frames(await read_all(stream))[1]) == 9_000_000
    await stream.close()


async def test_an_exec_that_leaves_a_process_behind_ends(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")
    _, stream = await shop.exec(request.id, "sh", "-c", "sleep 999 & echo started")
    assert stream is not None
    assert frames(await read_all(stream)) == {1: b"started\n"}
    await stream.close()


async def test_many_execs_at_once(shop: Workshop) -> None:
    request = await shop.run("sleep", "1000")

    async def one(number: int) -> bytes:
        _, stream = await shop.exec(request.id, "echo", str(number))
        assert stream is not None
        data = frames(await read_all(stream))[1]
        await stream.close()
        return data

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(n)) for n in range(20)]
    assert [task.result() for task in tasks] == [b"%d\n" % n for n in range(20)]


async def test_starts_overlap(shop: Workshop) -> None:
    requests = [shop.request("sleep", "1000") for _ in range(8)]
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[Started]] = [group.create_task(shop.start(r)) for r in requests]
    assert len({task.result().pid for task in tasks}) == 8


async def test_streams_end_when_the_shim_is_killed(shop: Workshop) -> None:
    request, stream = await shop.watch("sleep", "1000")
    shim = shop.shim_of(request.id)
    os.kill(shim, signal.SIGKILL)
    await gone(shim)
    assert await read_all(stream) == b""
    await stream.close()
