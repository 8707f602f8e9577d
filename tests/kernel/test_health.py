"""Health checks: probes in real containers, and what engines make of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, Box, clean, make_paths, opened
from pydock.core.engine import Engine
from pydock.core.schema.containers import Health, HealthConfig

_MS = 1_000_000


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path) as box:
        yield box


def _check(*test: str, timeout: int = 20_000 * _MS, retries: int = 2, **more: int) -> HealthConfig:
    return HealthConfig(list(test), interval=30 * _MS, timeout=timeout, retries=retries, **more)


async def _until(engine: Engine, identity: str, action: str) -> None:
    """Wait until an event has been told of the container, now or in the past."""
    async with asyncio.timeout(BOUND_S):
        async for event in engine.events.subscribe(since=1):
            if event.actor.id == identity and event.action == action:
                return


async def _health(box: Box, identity: str) -> Health:
    found = (await box.containers.inspect(identity)).state.health
    assert found is not None
    return found


async def _row(box: Box, identity: str) -> str:
    (row,) = [row for row in await box.containers.list(all=True) if row.id == identity]
    return row.status


async def test_the_check_decides_about_the_health(box: Box) -> None:
    identity = await box.running(
        "sleep", "100", healthcheck=_check("CMD-SHELL", "echo looked; test -e /tmp/well")
    )
    await _until(box.engine, identity, "health_status: unhealthy")
    ill = await _health(box, identity)
    assert ill.status == "unhealthy"
    assert ill.failing_streak >= 2
    assert ill.log is not None
    assert [entry.exit_code for entry in ill.log[:2]] == [1, 1]
    assert ill.log[0].output == "looked\n"
    assert (await _row(box, identity)).endswith("(unhealthy)")

    await box.exec(identity, "touch", "/tmp/well")
    await _until(box.engine, identity, "health_status: healthy")
    well = await _health(box, identity)
    assert (well.status, well.failing_streak) == ("healthy", 0)
    assert well.log is not None
    assert len(well.log) <= 5
    assert (await _row(box, identity)).endswith("(healthy)")

    await box.containers.stop(identity, timeout=0)
    assert (await _health(box, identity)).status == "unhealthy"


async def test_a_probe_is_told_as_the_exec_that_it_is(box: Box) -> None:
    identity = await box.running("sleep", "100", healthcheck=_check("CMD", "true"))
    await _until(box.engine, identity, "health_status: healthy")
    await box.containers.stop(identity, timeout=0)
    events = await box.events(identity)
    actions = [event.action for event in events]
    first = actions.index("exec_create: true")
    assert actions[first : first + 4] == [
        "exec_create: true",
        "exec_start: true",
        "exec_die",
        "health_status: healthy",
    ]
    assert events[first + 2].actor.attributes["exitCode"] == "0"
    assert len({event.actor.attributes["execID"] for event in events[first : first + 3]}) == 1


async def test_a_probe_that_takes_too_long_is_killed(box: Box) -> None:
    check = _check("CMD-SHELL", "echo begun; exec sleep 100", timeout=100 * _MS, retries=1)
    identity = await box.running("sleep", "100", healthcheck=check)
    await _until(box.engine, identity, "health_status: unhealthy")
    log = (await _health(box, identity)).log
    assert log
    assert log[0].exit_code == -1
    assert log[0].output == "Health check exceeded timeout (100ms): begun\n"


async def test_a_check_that_is_not_there_is_a_failure(box: Box) -> None:
    identity = await box.running("sleep", "100", healthcheck=_check("CMD", "nosuchprogram", retries=1))
    await _until(box.engine, identity, "health_status: unhealthy")
    log = (await _health(box, identity)).log
    assert log
    assert log[0].exit_code == -1
    assert 'exec: "nosuchprogram": executable file not found in $PATH' in log[0].output


async def test_a_container_may_end_during_a_probe(box: Box) -> None:
    identity = await box.running(
        "sh", "-c", "until test -e /tmp/probed; do sleep 0.02; done; exit 3",
        healthcheck=_check("CMD-SHELL", "touch /tmp/probed; exec sleep 100"),
    )  # fmt: skip
    waiting = await box.containers.wait(identity, "not-running")
    assert await asyncio.wait_for(waiting, BOUND_S) == 3


async def test_probes_rest_during_a_pause(box: Box) -> None:
    identity = await box.running("sleep", "100", healthcheck=_check("CMD", "true"))
    await _until(box.engine, identity, "health_status: healthy")
    await box.containers.pause(identity)
    assert (await _row(box, identity)).endswith("(Paused)")
    await box.containers.unpause(identity)
    assert (await _health(box, identity)).status == "healthy"
    await box.containers.stop(identity, timeout=0)
    actions = [event.action for event in await box.events(identity)]
    between = actions[actions.index("pause") + 1 : actions.index("unpause")]
    assert not [action for action in between if action.startswith("exec_start")]


async def test_health_goes_on_without_an_engine(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        check = _check("CMD", "test", "-e", "/mark", retries=1000)
        identity = await box.running("sh", "-c", "sleep 0.3; touch /mark; sleep 100", healthcheck=check)
        await box.engine.__aexit__(None, None, None)
        async with Engine(make_paths(tmp_path)) as second:
            await _until(second, identity, "health_status: healthy")
            assert (await _health(Box(second), identity)).status == "healthy"
            await clean(second)
