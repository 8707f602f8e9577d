"""Commands from arguments to output, over the api of an engine in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from api.engines import ID, FakeEngine
from pydock.core.api import Api
from pydock.core.cli import table
from pydock.core.cli.command import Cli
from pydock.core.cli.failure import Failure
from pydock.core.cli.flags import parse
from pydock.core.cli.main import _load
from pydock.core.client import Client, DirectTransport
from pydock.core.schema.containers import CreateRequest


class FakeCli(Cli):
    """A call whose engine is in memory."""

    def __init__(self, engine: FakeEngine) -> None:
        super().__init__(None)
        self._handle = Api(cast(Any, engine)).handle

    def connect(self) -> AbstractAsyncContextManager[Client]:
        return self._client()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Client]:
        async with Client(DirectTransport(self._handle)) as client:
            yield client


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


async def call(engine: FakeEngine, *words: str) -> int:
    """Run a command line and return its exit code."""
    found = table.find(list(words))
    assert found is not None
    name, place, count = found
    command = _load(name, place)
    options, arguments = parse(command.flags, words[count:], command.interspersed)
    command.check_count(arguments)
    return await command.run(FakeCli(engine), options, arguments) or 0


async def made(engine: FakeEngine, *names: str) -> None:
    for name in names:
        await engine.containers.create(name, CreateRequest(image="busybox"))


async def test_ps_shows_a_table_and_quiet_ids(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    await made(engine, "web")
    assert await call(engine, "ps", "-a", "--filter", "label=a") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["CONTAINER", "ID", "IMAGE"]
    assert lines[1].startswith(f"{ID[:12]}   busybox")
    assert lines[1].endswith("web")
    await call(engine, "ps", "-aq")
    await call(engine, "ps", "-aq", "--no-trunc")
    await call(engine, "ps", "-a", "--format", "{{.Names}}: {{.Image}}")
    assert capfd.readouterr().out.splitlines() == [ID[:12], ID, "web: busybox"]
    assert engine.containers.calls[0] == ("list", (True, None, False, {"label": ("a",)}))


async def test_one_that_fails_does_not_keep_the_others(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    await made(engine, "a", "b")
    assert await call(engine, "stop", "-t", "3", "a", "nosuch", "b") == 1
    out, err = capfd.readouterr()
    assert out == "a\nb\n"
    assert err == "Error response from daemon: No such container: nosuch\n"
    assert engine.containers.calls[0] == ("stop", ("a", None, 3))


async def test_starting_one_that_is_missing_is_summed_up(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failure, match=r"^Error: failed to start containers: nosuch$"):
        await call(engine, "start", "nosuch")
    assert capfd.readouterr().err == "Error response from daemon: No such container: nosuch\n"


async def test_forced_removal_of_what_is_not_there_is_no_failure(engine: FakeEngine) -> None:
    assert await call(engine, "rm", "-f", "nosuch") == 0
    assert await call(engine, "rm", "nosuch") == 1


async def test_run_detached_prints_the_id_and_warnings(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "cid"
    assert await call(engine, "run", "-d", "--name", "web", "--cidfile", str(file), "busybox", "sleep") == 0
    out, err = capfd.readouterr()
    assert (out, err) == ("web\n", "WARNING: a warning\n")
    assert file.read_text() == "web"
    assert engine.containers.running == {"web"}
    with pytest.raises(Failure) as caught:
        await call(engine, "run", "-d", "--cidfile", str(file), "busybox")
    assert caught.value.status == 125


async def test_run_s_exit_code_is_the_container_s(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    # The container echoes its stdin, here nothing, and ends with 3.
    assert await call(engine, "run", "-i", "--name", "web", "busybox", "cat") == 3
    assert ("wait", ("web", "next-exit")) in engine.containers.calls


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["busybox", "nosuchcmd"], 127, 'exec: "nosuchcmd": executable file not found in $PATH'),
        (["--pull=never", "nosuch"], 125, "No such image: nosuch:latest"),
        (["--name", "taken", "busybox"], 125, 'Conflict. The container name "/taken" is already in use'),
    ],
)
async def test_run_that_fails(engine: FakeEngine, arguments: list[str], status: int, message: str) -> None:
    await made(engine, "taken")
    with pytest.raises(Failure) as caught:
        await call(engine, "run", *arguments)
    assert caught.value.status == status
    assert caught.value.message == (
        f"pydock: Error response from daemon: {message}\n\nRun 'pydock run --help' for more information"
    )


async def test_exec_s_exit_code_and_stderr(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    await made(engine, "web")
    assert await call(engine, "exec", "-e", "A=1", "web", "echo", "-n", "hi") == 5
    assert capfd.readouterr().err == "echo -n hi"
    assert engine.containers.execs["e1"].env == ["A=1"]


async def test_logs_go_where_they_came_from(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    await made(engine, "web")
    engine.containers.log = [b"one\n", b"two\n"]
    await call(engine, "logs", "--tail", "5", "web")
    assert capfd.readouterr() == ("one\ntwo\n", "")


async def test_wait_prints_codes(engine: FakeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    await made(engine, "web")
    engine.containers.ended["web"].set_result(9)
    assert await call(engine, "wait", "web") == 0
    assert capfd.readouterr().out == "9\n"


async def test_inspect_s_misses_are_told_after_what_was_found(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    await made(engine, "web")
    with pytest.raises(Failure, match="No such container: nosuch"):
        await call(engine, "container", "inspect", "-f", "{{.Name}} {{.State.Status}}", "web", "nosuch")
    assert capfd.readouterr().out == "/web running\n"


async def test_a_save_that_fails_leaves_no_file(engine: FakeEngine, tmp_path: Path) -> None:
    file = tmp_path / "image.tar"
    await call(engine, "save", "-o", str(file), "busybox")
    assert file.stat().st_size == 3000
    from pydock.core.errors import NotFound

    with pytest.raises(NotFound):
        await call(engine, "save", "-o", str(tmp_path / "other"), "nosuch")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar"]


async def test_events_are_lines_as_docker_prints_them(
    engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    async with asyncio.timeout(5):
        await call(engine, "events", "--format", "{{.Type}} {{.Action}}")
        await call(engine, "events", "--format", "json")
    lines = capfd.readouterr().out.splitlines()
    assert lines[:2] == ["container start", "container die"]
    assert lines[2].startswith('{"Type":"container","Action":"start","Actor":{"ID":"0123')
