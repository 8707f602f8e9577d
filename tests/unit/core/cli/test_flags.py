"""Flags as docker's command line reads them."""

from __future__ import annotations

import pytest

from pydock.core.cli.failure import UsageError
from pydock.core.cli.flags import Flag, parse

FLAGS = (
    Flag("interactive", "", short="i"),
    Flag("tty", "", short="t"),
    Flag("detach", "", short="d"),
    Flag("rm", ""),
    Flag("env", "", "list", "e"),
    Flag("publish", "", "list", "p"),
    Flag("memory", "", "bytes", "m"),
    Flag("cpus", "", "decimal"),
    Flag("last", "", "int", "n"),
    Flag("name", "", "string"),
    Flag("health-interval", "", "duration"),
)


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["-it"], "tty", True),
        (["-itd"], "detach", True),
        (["--rm=false"], "rm", False),
        (["--rm", "false"], "rm", True),
        (["-t=false"], "tty", False),
        (["-m", "512m"], "memory", 512 << 20),
        (["-m1g"], "memory", 1 << 30),
        (["--memory=-1"], "memory", -1),
        (["--cpus", "1.5"], "cpus", 1_500_000_000),
        (["--cpus=.25"], "cpus", 250_000_000),
        (["-n5"], "last", 5),
        (["--last", "-1"], "last", -1),
        (["--name", "a", "--name=b"], "name", "b"),
        (["--name="], "name", ""),
        (["-e", "A=1,2", "-eB=3", "--env=C"], "env", ["A=1,2", "B=3", "C"]),
        (["-itp8080:80"], "publish", ["8080:80"]),
        (["--health-interval", "1m30s"], "health-interval", 90 * 10**9),
    ],
)
def test_values(arguments: list[str], name: str, value: object) -> None:
    options, _ = parse(FLAGS, arguments)
    assert options._values[name] == value


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (["a", "--rm", "b"], ["a", "b"]),
        (["a", "--", "--rm"], ["a", "--rm"]),
        (["-", "--rm"], ["-"]),
    ],
)
def test_flags_may_stand_among_arguments(arguments: list[str], rest: list[str]) -> None:
    assert parse(FLAGS, arguments)[1] == rest


def test_the_image_ends_run_s_flags() -> None:
    options, rest = parse(FLAGS, ["--rm", "busybox", "ls", "--name", "x", "-it"], interspersed=False)
    assert rest == ["busybox", "ls", "--name", "x", "-it"]
    assert options.flag("rm")
    assert not options.given("name")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nosuch"], "unknown flag: --nosuch"),
        (["-iz"], "unknown shorthand flag: 'z' in -iz"),
        (["--name"], "flag needs an argument: --name"),
        (["-n"], "flag needs an argument: 'n' in -n"),
        (
            ["-n", "x"],
            'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax',
        ),
        (["--memory", "x"], 'invalid argument "x" for "-m, --memory" flag: invalid size: \'x\''),
        (
            ["--cpus", "x"],
            'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number',
        ),
        (
            ["--rm=maybe"],
            'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
    ],
)
def test_what_is_wrong_is_said_in_docker_s_words(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(FLAGS, arguments)
    assert caught.value.message == message
    assert caught.value.status == 125
