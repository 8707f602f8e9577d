"""`kill -9` of a face or of its spawner at any moment loses nothing and leaves nothing behind.

Each round starts one step of a container's life as a process of its own and kills it, or its spawner, after a
while that a fixed seed chooses. The next engine must find every container that was there, running ones still
running with every line in their logs, and nothing half made.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from support.faces import BIN, Faces, children, faces
from support.images import busybox_archive
from support.terminal import terminal

ROUNDS = 50
_COUNT = "i=0; while :; do i=$((i+1)); echo line $i; usleep 20000; done"
_LONGEST_STEP_SECONDS = 0.5


@dataclass(slots=True)
class World:
    """What a test knows to exist: containers that a face said it had started, by name."""

    faces: Faces
    archive: Path
    random: random.Random
    running: set[str] = field(default_factory=set)
    uncertain: set[str] = field(default_factory=set)
    number: int = 0

    def fresh(self) -> str:
        self.number += 1
        return f"c{self.number}"


def _step_load(world: World) -> tuple[str, ...]:
    return ("load", "-i", str(world.archive))


def _step_run(world: World) -> tuple[str, ...]:
    name = world.fresh()
    world.uncertain.add(name)
    return ("run", "-d", "--name", name, "busybox", "sh", "-c", _COUNT)


def _step_once(world: World) -> tuple[str, ...]:
    return ("run", "--rm", "busybox", "sh", "-c", "exit 7")


def _step_exec(world: World) -> tuple[str, ...]:
    return ("exec", world.random.choice(sorted(world.running)), "true")


def _step_stop(world: World) -> tuple[str, ...]:
    name = world.random.choice(sorted(world.running))
    world.running.discard(name)
    world.uncertain.add(name)
    return ("stop", "-t", "0", name)


def _step_restart(world: World) -> tuple[str, ...]:
    name = world.random.choice(sorted(world.running))
    world.running.discard(name)
    world.uncertain.add(name)
    return ("restart", "-t", "0", name)


def _step_remove(world: World) -> tuple[str, ...]:
    name = world.random.choice(sorted(world.running))
    world.running.discard(name)
    world.uncertain.add(name)
    return ("rm", "-f", name)


_STEPS: tuple[Callable[[World], tuple[str, ...]], ...] = (
    _step_load, _step_run, _step_run, _step_once, _step_exec, _step_stop, _step_restart, _step_remove,
)  # fmt: skip


def _kill_during(world: World, arguments: tuple[str, ...]) -> None:
    """Run one step; kill its face or its spawner in the middle, whatever that is."""
    process = world.faces.start(*arguments)
    try:
        process.wait(world.random.uniform(0, _LONGEST_STEP_SECONDS))
    except subprocess.TimeoutExpired:
        offspring = children(process.pid)
        victim = world.random.choice([process.pid, *offspring])
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
    output, _ = process.communicate(timeout=60)
    if process.returncode == 0 and arguments[:2] == ("run", "-d"):
        assert re.fullmatch(rb"[0-9a-f]{64}\n", output)
        world.uncertain.discard(arguments[3])
        world.running.add(arguments[3])


def _kill_workstation(world: World) -> None:
    """Open the workstation, look around, kill it."""
    with terminal((100, 30)) as screen:
        screen.start([str(BIN / "pydock-tui")], world.faces.environment)
        deadline = time.monotonic() + world.random.uniform(0.1, 2.5)
        while time.monotonic() < deadline:
            screen.press(world.random.choice(["j", "k", "l", "Tab", "]", "L"]))
            time.sleep(0.05)
        for pid in [*_family(screen.pid())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _family(pid: int) -> list[int]:
    return [member for child in children(pid) for member in (child, *_family(child))]


def _states(world: World) -> dict[str, str]:
    rows = world.faces.output("ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.State}}")
    return {name: state for name, _, state in (row.partition(" ") for row in rows.splitlines())}


def _check(world: World) -> None:
    """What must be true after every round, as the next engine sees it."""
    states = _states(world)
    for name in world.running:
        assert states.get(name) == "running", f"{name} is {states.get(name)}"
    for name in sorted(world.uncertain):
        if states.get(name) == "running":
            world.running.add(name)
        elif name in states:
            world.faces.run("rm", "-f", name)
    world.uncertain.clear()
    if world.running:
        _check_log(world, world.random.choice(sorted(world.running)))
    assert world.faces.output("images", "--format", "{{.Repository}}:{{.Tag}}") == "busybox:latest"


def _check_log(world: World, name: str) -> None:
    """Every line since the container's start is in the log, once and in order."""
    lines = world.faces.output("logs", name).splitlines()
    numbers = [int(line.removeprefix("line ")) for line in lines]
    starts = [index for index, number in enumerate(numbers) if number == 1]
    for begin, end in zip(starts, [*starts[1:], len(numbers)], strict=True):
        assert numbers[begin:end] == list(range(1, end - begin + 1)), f"{name}: lines are missing"


@pytest.mark.parametrize("seed", [2026])
def test_nothing_is_lost_when_faces_and_spawners_are_killed(tmp_path: Path, seed: int) -> None:
    archive = tmp_path / "busybox.tar"
    archive.write_bytes(busybox_archive())
    with faces(tmp_path) as shared:
        shared.run("load", "-i", str(archive))
        world = World(shared, archive, random.Random(seed))
        for turn in range(ROUNDS):
            if turn % 10 == 9:
                _kill_workstation(world)
            else:
                possible = _STEPS if len(world.running) > 1 else (_step_run, _step_load)
                _kill_during(world, world.random.choice(possible)(world))
            _check(world)
        assert shared.output("system", "check") == "all is as it should be"


def test_an_exit_code_is_kept_when_nobody_looks(tmp_path: Path) -> None:
    archive = tmp_path / "busybox.tar"
    archive.write_bytes(busybox_archive())
    with faces(tmp_path) as shared:
        shared.run("load", "-i", str(archive))
        shared.run("run", "-d", "--name", "job", "busybox", "sh", "-c", "echo done; usleep 300000; exit 42")
        assert shared.output("wait", "job") == "42"
        assert shared.output("logs", "job") == "done"
        state = shared.inspect("job")["State"]
        assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 42, False)
