"""The command line's front: help, versions, what is called wrongly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pydock.core.cli import table
from pydock.core.cli.main import VERSION, _load, run


@pytest.mark.parametrize("arguments", [["--version"], ["-v"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    assert capsys.readouterr().out == f"pydock version {VERSION}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "begins"),
    [
        (["nosuch"], 1, "pydock: unknown command: pydock nosuch\n\nRun 'pydock --help'"),
        (
            ["container", "nosuch"],
            1,
            "pydock: unknown command: pydock container nosuch\n\nUsage:  pydock container",
        ),
        (
            ["ps", "--foo"],
            125,
            "unknown flag: --foo\n\nUsage:  pydock ps [OPTIONS]\n\nRun 'pydock ps --help'",
        ),
        (["rm"], 1, "pydock: 'pydock rm' requires at least 1 argument\n\nUsage:  pydock rm [OPTIONS]"),
        (
            ["rename", "a"],
            1,
            "pydock: 'pydock rename' requires 2 arguments\n\nUsage:  pydock rename CONTAINER",
        ),
        (["ps", "a"], 1, "pydock: 'pydock ps' accepts no arguments"),
        (["container", "ls", "-z"], 125, "unknown shorthand flag: 'z' in -z\n\nUsage:  pydock container ls"),
        (["run", "-p", "x:y", "busybox"], 125, "pydock: invalid containerPort: y\n\nRun 'pydock run --help'"),
        (["run", "UPPER:x"], 125, "pydock: invalid reference format"),
        (["pull", "bad name"], 1, "invalid reference format\n"),
        (["ps", "--filter", "x"], 1, 'invalid argument "x" for "-f, --filter" flag: bad format of filter'),
    ],
)
def test_wrong_calls(
    arguments: list[str], status: int, begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == status
    assert capsys.readouterr().err.startswith(begins)


@pytest.mark.parametrize(
    "name",
    [*table.COMMANDS, *(f"{group} {name}" for group, (_, names) in table.GROUPS.items() for name in names)],
)
def test_every_command_is_there_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = table.find(name.split())
    assert found is not None
    assert _load(found[0], found[1]).help
    assert run([*name.split(), "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage:  pydock {name}")


def test_no_flag_is_there_twice() -> None:
    for name, place in table.COMMANDS.items():
        flags = _load(name, place).flags
        names = [flag.name for flag in flags] + [flag.short for flag in flags if flag.short]
        assert len(names) == len(set(names)), name


def test_groups_and_the_whole_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["help"], ["container"], ["image", "--help"], ["help", "ps"]):
        assert run(arguments) == 0
        assert capsys.readouterr().out.startswith("Usage:  pydock")


def test_finding_a_command_imports_neither_the_engine_nor_an_event_loop() -> None:
    code = "import sys; from pydock.core.cli.main import run; run(['-v'])\n"
    code += "print([n for n in ('asyncio', 'msgspec', 'httpx', 'pydock.core.engine') if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


def test_talking_to_the_engine_in_process_does_not_import_httpx() -> None:
    code = "import sys, pydock.core.client, pydock.core.api, pydock.core.cli.commands.run\n"
    code += "print('httpx' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
