from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from pydock.tui.terminal.backend import row_text
from pydock.tui.terminal.expect import Ended, Watcher
from pydock.tui.terminal.pty import LocalProgram
from pydock.tui.terminal.session import ShellSession
from pydock.tui.terminal.sessions import Sessions


class Script:
    """A stream that says what it is told and keeps what it is sent."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.closed = False
        self.sizes: list[tuple[int, int]] = []
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard = asyncio.Condition()

    def say(self, data: bytes) -> None:
        self._out.put_nowait(data)

    async def read(self, n: int = 65536) -> bytes:
        return await self._out.get()

    async def write(self, data: bytes) -> None:
        async with self._heard:
            self.sent += data
            self._heard.notify_all()

    async def close_write(self) -> None: ...

    async def close(self) -> None:
        self.closed = True

    async def resize(self, rows: int, columns: int) -> None:
        async with self._heard:
            self.sizes.append((rows, columns))
            self._heard.notify_all()

    async def wait(self) -> int | None:
        return 7

    async def until(self, true: Callable[[], bool]) -> None:
        async with self._heard:
            await asyncio.wait_for(self._heard.wait_for(true), 5)


@pytest.fixture(params=["bittty", "ghostty"])
async def shell(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Script, ShellSession]]:
    if request.param == "ghostty":
        pytest.importorskip("pyghostty", reason="the wheel is an extra")
    script = Script()
    session = ShellSession(
        script, name="web", resize=script.resize, wait=script.wait, columns=20, rows=4, backend=request.param
    )
    async with session:
        yield script, session


async def test_size_is_told_at_the_start_and_again_with_the_first_output(
    shell: tuple[Script, ShellSession],
) -> None:
    """moby#35407, docker/cli#1492: a size told before the program ran is lost."""
    script, session = shell
    await script.until(lambda: script.sizes == [(4, 20)])
    script.say(b"$ ")
    await script.until(lambda: script.sizes == [(4, 20), (4, 20)])
    session.resize(30, 9)
    session.resize(31, 10)
    await script.until(lambda: script.sizes[2:] == [(10, 31)])
    assert (session.backend.columns, session.backend.rows) == (31, 10)


async def test_questions_of_the_program_are_answered(shell: tuple[Script, ShellSession]) -> None:
    script, _ = shell
    script.say(b"ab\x1b[6n")
    await script.until(lambda: bytes(script.sent) == b"\x1b[1;3R")


async def test_keys_are_sent_in_order(shell: tuple[Script, ShellSession]) -> None:
    script, session = shell
    for letter in b"\x10hello":
        session.write(bytes((letter,)))
    await script.until(lambda: bytes(script.sent) == b"\x10hello")


async def test_expect_sees_what_the_screen_sees(shell: tuple[Script, ShellSession]) -> None:
    script, session = shell
    script.say(b"n=4")
    script.say(b"2\r\n$ ")
    match = await session.expect([r"never", r"n=(\d+)\r"])
    assert (match.index, match.groups) == (1, ("42",))
    match = await session.expect([r"\$ $"])
    assert match.before == "\n"
    list(session.backend.dirty())
    assert row_text(session.backend, 0) == "n=42"


async def test_expect_of_a_character_cut_in_two(shell: tuple[Script, ShellSession]) -> None:
    script, session = shell
    script.say(b"caf" + b"\xc3")
    script.say(b"\xa9!")
    assert (await session.expect(["café!"])).text == "café!"


async def test_expect_gives_up_in_time(shell: tuple[Script, ShellSession]) -> None:
    script, session = shell
    with pytest.raises(TimeoutError):
        await session.expect(["never"], timeout=0.01)
    script.say(b"but later")
    assert (await session.expect(["later"])).before == "but "


async def test_end_of_the_shell_is_told(shell: tuple[Script, ShellSession]) -> None:
    script, session = shell
    waiting = asyncio.ensure_future(session.expect(["never"]))
    script.say(b"bye")
    script.say(b"")
    assert await session.over() == 7
    with pytest.raises(Ended):
        await waiting
    with pytest.raises(Ended):
        await session.expect(["never"])


async def test_output_that_nobody_waits_for_is_kept_within_bounds() -> None:
    watcher = Watcher()
    for _ in range(100):
        watcher.take(b"y\r\n" * 1000)
    watcher.take(b"last")
    match = await watcher.find(["last"], timeout=1)
    assert len(match.before) <= 65536


def bash(columns: int = 80, rows: int = 24) -> LocalProgram:
    return LocalProgram(
        ["bash", "--norc", "--noprofile", "-i"], columns=columns, rows=rows, environ={"PS1": "$ "}
    )


def session_of(program: LocalProgram, kind: str = "auto") -> ShellSession:
    return ShellSession(
        program, name="host", resize=program.resize, wait=program.wait, columns=80, rows=24, backend=kind
    )


async def test_run_gives_output_and_exit_code() -> None:
    async with session_of(bash()) as session:
        answer = await session.run("echo out; echo err >&2; (exit 3)")
        assert (answer.output, answer.code) == ("out\nerr\n", 3)
        answer = await session.run("printf '\\033[31mred\\033[0m'")
        assert (answer.output, answer.code) == ("red", 0)


async def test_run_works_in_a_plain_sh() -> None:
    program = LocalProgram(["sh", "-i"], environ={"PS1": "# "})
    async with session_of(program) as session:
        assert (await session.run("echo $((6*7)); false")) == await session.run("echo 42; false")


async def test_program_of_the_host_has_a_terminal() -> None:
    async with session_of(bash()) as session:
        assert (await session.run("tty >/dev/null && stty size")).output == "24 80\n"
        session.write(b"sleep 60\r")
        session.write(b"\x03")
        assert (await session.run("echo $?")).output in ("130\n", "0\n")
        session.write(b"exit 5\r")
        assert await session.over() == 5


async def test_close_ends_the_program() -> None:
    program = LocalProgram(["sh", "-c", "trap '' HUP; sleep 0 & wait; exec sleep 600"])
    await program.close()
    assert await program.wait() < 0


async def test_detached_sessions_are_known_until_they_are_closed() -> None:
    sessions = Sessions()
    scripts = [Script(), Script()]
    made = [ShellSession(s, name="web", resize=s.resize, wait=s.wait, backend="bittty") for s in scripts]
    for session in made:
        session.start()
        sessions.add("id", session)
    sessions.show(made[0], True)
    assert sessions.detached("id") == [made[1]]
    sessions.show(made[0], False)
    assert sessions.detached("id") == made
    scripts[0].say(b"")
    await made[0].over()
    assert sessions.detached("id") == [made[1]]
    assert len(sessions) == 2
    await sessions.close_all()
    assert len(sessions) == 0
    assert all(script.closed for script in scripts)
