"""`pydock cp` as `docker cp`: the same commands give what dockerd 28.5's client gave."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kernel.engines import Box, demultiplex, opened
from pydock.core.cli.copying import Unpack
from pydock.core.cli.failure import Failure

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path / "state") as box:
        yield box


@pytest.fixture
def shell(box: Box, tmp_path: Path) -> Shell:
    """Runs a script that calls `cp` as `$cp`, in a directory of its own."""
    place = tmp_path / "here"
    place.mkdir()
    paths = box.engine.paths
    environment = {
        **os.environ,
        "PYDOCK_ROOT": str(paths.root),
        "PYDOCK_RUN": str(paths.run),
        "cp": f"{Path(sys.executable).parent / 'pydock'} cp",
    }

    def run(script: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script], env=environment, cwd=place, capture_output=True, text=True, check=False
        )

    return run


async def inside(box: Box, script: str) -> list[str]:
    _, output = await box.exec("g1", "sh", "-c", script)
    return b"".join(text for _, text in demultiplex(output)).decode().splitlines()


async def test_in_and_out(box: Box, shell: Shell) -> None:
    await box.running("sleep", "60", name="g1")
    assert shell("echo cpdata > cpf; $cp cpf g1:/tmp/ && $cp cpf g1:/tmp/renamed").returncode == 0
    assert await inside(box, "ls -ln /tmp | awk 'NR>1{print $1,$3,$4,$5,$NF}'") == [
        "-rw-r--r-- 0 0 7 cpf",
        "-rw-r--r-- 0 0 7 renamed",
    ]
    done = shell(
        "mkdir -p cd/sub; echo 1 >cd/a; echo 2 >cd/sub/b; $cp cd g1:/d1 && $cp cd/. g1:/d1 && $cp cd g1:/d1"
    )
    assert done.returncode == 0, done.stderr
    assert await inside(box, "find /d1 | sort") == [
        "/d1", "/d1/a", "/d1/cd", "/d1/cd/a", "/d1/cd/sub", "/d1/cd/sub/b", "/d1/sub", "/d1/sub/b",
    ]  # fmt: skip
    out = shell(
        "$cp g1:/tmp/renamed out1 && cat out1; $cp g1:/d1 outd && find outd | sort; "
        "$cp g1:/tmp/renamed - | tar t; $cp -L g1:/bin/sh outsh && [ -s outsh ] && [ ! -L outsh ] && echo ok"
    )
    assert out.stdout.split() == [
        "cpdata", "outd", "outd/a", "outd/cd", "outd/cd/a", "outd/cd/sub", "outd/cd/sub/b", "outd/sub",
        "outd/sub/b", "renamed", "ok",
    ]  # fmt: skip
    out = shell(
        "mkdir there; $cp g1:/d1/sub there; $cp g1:/d1/. there; $cp -L g1:/bin/sh there; find there | sort"
    )
    assert out.stdout.split() == [
        "there", "there/a", "there/cd", "there/cd/a", "there/cd/sub", "there/cd/sub/b", "there/sh",
        "there/sub", "there/sub/b",
    ]  # fmt: skip


async def test_archives_from_stdin(box: Box, shell: Shell) -> None:
    await box.running("sleep", "60", name="g1")
    done = shell("mkdir -p cd/sub; echo 1 > cd/a; tar c -C cd . | $cp - g1:/opt2")
    assert (done.returncode, done.stderr) == (1, 'destination "g1:/opt2" must be a directory\n')
    assert shell("tar c -C cd . | $cp - g1:/tmp").returncode == 0
    assert await inside(box, "ls /tmp | sort") == ["a", "sub"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("$cp g1:/nosuch x", "Error response from daemon: Could not find the file /nosuch in container g1"),
        ("$cp nosuchfile g1:/", "lstat HERE/nosuchfile: no such file or directory"),
        ("touch f; $cp f g1:/nodir/sub/", "no such directory"),
        ("touch f; $cp f nosuch:/", "no such directory"),
        ("mkdir d; $cp d g1:/etc/passwd", "cannot copy directory"),
    ],
)
async def test_errors(box: Box, shell: Shell, tmp_path: Path, command: str, message: str) -> None:
    await box.create("sleep", "60", name="g1")
    done = shell(command)
    assert (done.returncode, done.stderr.strip()) == (1, message.replace("HERE", str(tmp_path / "here")))


async def test_owners_are_kept_only_when_asked_for(box: Box, shell: Shell) -> None:
    await box.running("sh", "-c", "echo x > /f; chown 12:34 /f; sleep 60", name="g1")
    await inside(box, "true")
    out = shell("$cp g1:/f one && $cp -a g1:/f two && stat -c %u:%g one two")
    assert out.stdout.split() == ["0:0", "12:34"]


def _archive(*members: tuple[str, bytes, str]) -> tarfile.TarFile:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            tar.addfile(info)
    data.seek(0)
    return tarfile.open(fileobj=data)


def _unpack_all(unpack: Unpack, members: tuple[tuple[str, bytes, str], ...]) -> None:
    with _archive(*members) as tar:
        for member in tar:
            unpack.add(member, member.name, member.linkname, tar)


@pytest.mark.parametrize(
    "members",
    [
        (("../out", tarfile.REGTYPE, ""),),
        (("link", tarfile.SYMTYPE, "OUTSIDE"), ("link/out", tarfile.REGTYPE, "")),
        (("link", tarfile.SYMTYPE, ".."), ("link/out", tarfile.REGTYPE, "")),
        (("hard", tarfile.LNKTYPE, "../secret"),),
        (("link", tarfile.SYMTYPE, "OUTSIDE/secret"), ("hard", tarfile.LNKTYPE, "OUTSIDE/secret")),
    ],
)
def test_an_archive_of_a_container_stays_in_its_directory(
    tmp_path: Path, members: tuple[tuple[str, bytes, str], ...]
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "outside" / "inside"
    inside.mkdir(parents=True)
    (outside / "secret").write_text("mine")
    members = tuple((name, kind, link.replace("OUTSIDE", str(outside))) for name, kind, link in members)
    with pytest.raises((Failure, OSError)):
        _unpack_all(Unpack(str(inside), owners=False), members)
    assert sorted(path.name for path in outside.iterdir()) == ["inside", "secret"]
    assert (outside / "secret").stat().st_nlink == 1


def test_a_link_in_a_files_place_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "there").mkdir()
    members = (("f", tarfile.SYMTYPE, str(tmp_path / "secret")), ("f", tarfile.REGTYPE, ""))
    _unpack_all(Unpack(str(tmp_path / "there"), owners=False), members)
    assert (tmp_path / "secret").read_text() == "mine"
    assert (tmp_path / "there" / "f").read_text() == ""
