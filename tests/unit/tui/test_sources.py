from __future__ import annotations

import signal
import subprocess
import sys

from pydock.tui.sources import _HANG_UP, ContainerLog, _seconds, find_shell, open_shell, run_in
from support.fakeengine import FakeEngine


def test_the_first_shell_that_is_there_is_taken() -> None:
    command = find_shell(["no-such-shell-here", "sh"])
    result = subprocess.run(command, input="echo $0", capture_output=True, text=True, check=True)
    assert result.stdout.strip().endswith("sh")


def test_sh_is_the_last_resort() -> None:
    command = find_shell(["no-such-shell-here"])
    result = subprocess.run(command, input="echo here", capture_output=True, text=True, check=True)
    assert result.stdout == "here\n"


def test_nanoseconds_survive_as_decimal_seconds() -> None:
    assert _seconds(1_700_000_000_000_000_001) == "1700000000.000000001"
    assert _seconds(None) is None


async def test_runs_come_from_the_engines_events() -> None:
    engine = FakeEngine()
    id = engine.add_container("web")
    other = engine.add_container("other")
    engine.emit("container", "start", id)
    engine.emit("container", "die", id, exitCode="137")
    engine.emit("container", "die", other, exitCode="1")
    engine.emit("container", "start", id)
    async with engine.connect() as client:
        runs = await ContainerLog(lambda: client, id, "web").runs()
    assert [start.text for start in runs.starts] == ["started", "restarted, exit 137"]


async def test_a_command_gives_its_output_by_stream_and_its_code() -> None:
    engine = FakeEngine()
    id = engine.add_container("web")
    took: list[tuple[int, bytes]] = []
    async with engine.connect() as client:
        code = await run_in(client, id, ["ls", "-l"], lambda stream, data: took.append((stream, data)))
    assert code == 3
    assert took == [(1, b"/web: ls -l\n"), (2, b"to stderr\n")]


async def test_what_runs_in_a_closed_shell_hangs_up() -> None:
    engine = FakeEngine()
    id = engine.add_container("web")
    async with engine.connect() as client:
        async with await open_shell(client, id, "web", ["sh"]):
            pass
        assert [command for command in engine._commands.values() if "kill -HUP" in command]


def test_only_processes_with_the_mark_hang_up() -> None:
    # Whoever runs the tests under nohup has SIGHUP ignored, and so have all children.
    code = "import signal; signal.signal(1, signal.SIG_DFL); print(flush=True); signal.pause()"

    def start(mark: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code]
        return subprocess.Popen(command, env={"PYDOCK_SHELL": mark}, stdout=subprocess.PIPE)

    marked, other = start("0a1b2c"), start("ffffff")
    try:
        for each in (marked, other):
            assert each.stdout is not None
            each.stdout.readline()
        subprocess.run(["sh", "-c", _HANG_UP.format(mark="0a1b2c")], check=False)
        assert marked.wait(10) == -signal.SIGHUP
        assert other.poll() is None
    finally:
        for each in (marked, other):
            each.kill()
            each.communicate()
