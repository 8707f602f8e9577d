"""Further processes in running containers, and the streams of first processes: exec, attach, terminals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, demultiplex, opened
from pydock.core.client.pipe import pipe
from pydock.core.errors import Conflict, NotFound, StartFailed
from pydock.core.schema.exec import ExecConfig
from pydock.core.schema.message import Stream


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path) as box:
        yield box


async def test_exec_gives_output_and_exit_code(box: Box) -> None:
    identity = await box.running("sleep", "60")
    code, data = await box.exec(identity, "sh", "-c", "echo out; echo err >&2; exit 9")
    assert code == 9
    assert sorted(demultiplex(data)) == [(1, b"out\n"), (2, b"err\n")]


async def test_exec_takes_environment_directory_and_user(box: Box) -> None:
    identity = await box.running("sleep", "60", env=["A=1", "B=2"])
    _, data = await box.exec(
        identity,
        "sh",
        "-c",
        "echo $A $B $HOME; pwd; id -u",
        env=["B=3"],
        working_dir="/tmp",
        user="user",
    )
    assert b"".join(text for _, text in demultiplex(data)) == b"1 3 /home\n/tmp\n1000\n"


async def test_exec_has_the_containers_privileges_or_all(box: Box) -> None:
    identity = await box.running("sleep", "60")
    _, data = await box.exec(identity, "grep", "CapEff", "/proc/self/status")
    assert b"00000000a80425fb" in data
    _, data = await box.exec(identity, "grep", "CapEff", "/proc/self/status", privileged=True)
    assert b"00000000a80425fb" not in data


@pytest.mark.parametrize(
    ("cmd", "code", "words"),
    [
        ("nosuch", 127, 'exec: "nosuch": executable file not found in $PATH'),
        ("/etc", 126, 'exec: "/etc": permission denied'),
    ],
)
async def test_a_program_that_cannot_run_fails_the_exec_in_dockers_words(
    box: Box, cmd: str, code: int, words: str
) -> None:
    identity = await box.running("sleep", "60")
    entry = await box.containers.exec_create(identity, ExecConfig(cmd=[cmd], attach_stdout=True))
    with pytest.raises(StartFailed) as failure:
        await box.containers.exec_start(entry)
    assert str(failure.value) == (
        f"OCI runtime exec failed: exec failed: unable to start container process: {words}"
    )
    assert failure.value.exit_code == code
    assert (await box.containers.exec_inspect(entry)).exit_code == code


async def test_exec_needs_a_running_container(box: Box) -> None:
    identity = await box.create("true")
    with pytest.raises(Conflict, match=f"container {identity} is not running"):
        await box.containers.exec_create(identity, ExecConfig(cmd=["true"]))
    with pytest.raises(NotFound, match="No such exec instance: nosuch"):
        await box.containers.exec_inspect("nosuch")


async def test_an_exec_starts_once(box: Box) -> None:
    identity = await box.running("sleep", "60")
    entry = await box.containers.exec_create(identity, ExecConfig(cmd=["true"]))
    assert await box.containers.exec_start(entry, detach=True) is None
    with pytest.raises(Conflict, match="has already run"):
        await box.containers.exec_start(entry, detach=True)


async def test_exec_reads_its_input_to_the_end(box: Box) -> None:
    identity = await box.running("sleep", "60")
    wish = ExecConfig(cmd=["cat"], attach_stdin=True, attach_stdout=True)
    stream = await box.containers.exec_start(await box.containers.exec_create(identity, wish))
    assert stream is not None
    await stream.write(b"in" * 50_000)
    await stream.close_write()
    data = await _rest(stream)
    await stream.close()
    assert b"".join(text for _, text in demultiplex(data)) == b"in" * 50_000


async def test_exec_with_a_terminal_knows_its_size(box: Box) -> None:
    identity = await box.running("sleep", "60")
    wish = ExecConfig(
        cmd=["sh", "-c", "tty; stty size; read x; stty size"],
        tty=True,
        attach_stdin=True,
        attach_stdout=True,
        console_size=[30, 100],
    )
    entry = await box.containers.exec_create(identity, wish)
    stream = await box.containers.exec_start(entry, tty=True)
    assert stream is not None
    seen = await _until(stream, b"30 100\r\n")
    assert seen.startswith(b"/dev/pts/")
    await box.containers.exec_resize(entry, 40, 120)
    await stream.write(b"\n")
    await _until(stream, b"40 120\r\n")
    await stream.close()


async def test_events_tell_of_execs(box: Box) -> None:
    identity = await box.running("sleep", "60")
    await box.exec(identity, "sh", "-c", "exit 4")
    actions = {event.action: event.actor.attributes for event in await box.events(identity)}
    assert "exec_create: sh -c exit 4" in actions
    assert "exec_start: sh -c exit 4" in actions
    assert actions["exec_die"]["exitCode"] == "4"


async def test_attach_before_the_start_misses_nothing(box: Box) -> None:
    identity = await box.create("sh", "-c", "echo first; echo second >&2")
    tty, serve = await box.containers.attach(identity)
    ours, theirs = pipe()
    serving = asyncio.ensure_future(serve(theirs))
    await box.containers.start(identity)
    data = await _rest(ours)
    await asyncio.wait_for(serving, BOUND_S)
    assert not tty
    assert sorted(demultiplex(data)) == [(1, b"first\n"), (2, b"second\n")]


async def test_input_of_an_attached_client_reaches_the_program(box: Box) -> None:
    identity = await box.create("cat", open_stdin=True, stdin_once=True)
    _, serve = await box.containers.attach(identity, stdin=True)
    ours, theirs = pipe()
    serving = asyncio.ensure_future(serve(theirs))
    await box.containers.start(identity)
    await ours.write(b"xyz")
    await ours.close_write()
    assert demultiplex(await _rest(ours)) == [(1, b"xyz")]
    await asyncio.wait_for(serving, BOUND_S)


async def test_attach_to_a_running_terminal_and_detach_by_keys(box: Box) -> None:
    identity = await box.running("sh", tty=True, open_stdin=True)
    _, serve = await box.containers.attach(identity, stdin=True)
    ours, theirs = pipe()
    serving = asyncio.ensure_future(serve(theirs))
    await ours.write(b"tty; echo do''ne\n")
    assert b"/dev/pts/0\r\n" in await _until(ours, b"done\r\n")
    await box.containers.resize(identity, 33, 77)
    await ours.write(b"stty size; echo si''zed\n")
    assert b"33 77\r\n" in await _until(ours, b"sized\r\n")
    await ours.write(b"\x10\x11")
    await asyncio.wait_for(serving, BOUND_S)
    assert await box.state(identity) == "running"
    assert "detach" in [event.action for event in await box.events(identity)]


async def test_attach_replays_the_log_first(box: Box) -> None:
    script = "echo before; trap 'echo after; exit' TERM; echo up; while :; do sleep 0.05; done"
    identity = await box.running("sh", "-c", script)
    await box.until_logged(identity, "up")
    _, serve = await box.containers.attach(identity, logs=True)
    ours, theirs = pipe()
    serving = asyncio.ensure_future(serve(theirs))
    await _until(ours, b"up\n")
    await box.containers.kill(identity, "TERM")
    data = await _rest(ours)
    await asyncio.wait_for(serving, BOUND_S)
    assert b"after\n" in data
    assert b"before" not in data


async def _rest(stream: Stream) -> bytes:
    data = b""
    async with asyncio.timeout(BOUND_S):
        while chunk := await stream.read():
            data += chunk
    return data


async def _until(stream: Stream, text: bytes) -> bytes:
    data = b""
    async with asyncio.timeout(BOUND_S):
        while text not in data:
            chunk = await stream.read()
            assert chunk, f"the stream ended without {text!r}: {data!r}"
            data += chunk
    return data
