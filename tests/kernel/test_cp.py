"""`docker cp` both ways, on running and stopped containers, and what attackers tried with it."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import Box, opened
from pydock.core.config import Config
from pydock.core.containers.copying import absolute, go_mode
from pydock.core.errors import Forbidden, Invalid, NotFound
from pydock.core.schema.containers import HostConfig

STATES = ("running", "stopped")


def archive(*members: tuple[str, bytes], **fields: int) -> bytes:
    """A tar of files; a name with "/" at its end is a directory."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name.rstrip("/"))
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.mode = 0o755 if name.endswith("/") else 0o640
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]


async def fetched(box: Box, identity: str, path: str) -> dict[str, bytes | str]:
    """The tar of a path: names and contents, or where links lead."""
    _, stream = await box.containers.get_archive(identity, path)
    data = b"".join([chunk async for chunk in stream])
    found: dict[str, bytes | str] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            found[member.name] = file.read() if file else member.linkname
    return found


async def made(box: Box, state: str, *cmd: str, **more: object) -> str:
    """A container that is idle, or has run a command and is down."""
    script = "; ".join([*cmd, "echo ready"])
    if state == "running":
        identity = await box.running("sh", "-c", script + "; exec sleep 60", **more)
        await box.until_logged(identity, "ready")
        return identity
    identity = await box.create("sh", "-c", script, **more)  # type: ignore[arg-type]
    assert await box.finish(identity) == 0
    return identity


@pytest.mark.parametrize("state", STATES)
async def test_there_and_back(tmp_path: Path, state: str) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, state, "mkdir -p /d/sub", "echo 1 > /d/a", "ln -s a /d/link")
        assert await fetched(box, identity, "/d") == {"d": "", "d/a": b"1\n", "d/link": "a", "d/sub": ""}
        assert await fetched(box, identity, "d/.") == {".": "", "./a": b"1\n", "./link": "a", "./sub": ""}
        assert await fetched(box, identity, "/d/link") == {"link": "a"}
        await box.containers.put_archive(
            identity, "/d/sub", chunks(archive(("x/", b""), ("x/y", b"new"), ("z", b"zz"), uid=7, gid=8))
        )
        assert await fetched(box, identity, "/d/sub") == {
            "sub": "", "sub/x": "", "sub/x/y": b"new", "sub/z": b"zz"
        }  # fmt: skip
        if state == "running":
            _, output = await box.exec(identity, "stat", "-c", "%u:%g %a", "/d/sub/z")
            assert b"7:8 640" in output


@pytest.mark.parametrize("state", STATES)
async def test_stat_says_what_a_path_is(tmp_path: Path, state: str) -> None:
    async with opened(tmp_path) as box:
        identity = await made(
            box, state, "echo 12345 > /f", "chmod 4750 /f", "mkdir /d", "ln -s ../d/x /etc/l"
        )
        found = await box.containers.stat_path(identity, "/f")
        assert (found.name, found.size, found.mode & 0o777, bool(found.mode & 1 << 23)) == (
            "f",
            6,
            0o750,
            True,
        )
        found = await box.containers.stat_path(identity, "/d/")
        assert (found.name, bool(found.mode & 1 << 31)) == ("d", True)
        found = await box.containers.stat_path(identity, "/etc/l")
        assert (found.mode & 1 << 27, found.link_target) == (1 << 27, "/d/x")
        with pytest.raises(NotFound, match=f"Could not find the file /none in container {identity}"):
            await box.containers.stat_path(identity, "/none")
        with pytest.raises(NotFound, match="Could not find the file /none"):
            await box.containers.get_archive(identity, "/none")
        with pytest.raises(NotFound, match="Could not find the file /none"):
            await box.containers.put_archive(identity, "/none", chunks(archive(("a", b"b"))))
        with pytest.raises(NotFound, match="No such container"):
            await box.containers.stat_path("nobody", "/")


@pytest.mark.parametrize("driver", ["overlay2", "vfs"])
@pytest.mark.parametrize("state", STATES)
async def test_volumes_and_binds_are_seen(tmp_path: Path, state: str, driver: str) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("of the host")
    async with opened(tmp_path, Config(storage_driver=driver)) as box:
        host = HostConfig(binds=["vol:/vol", f"{tmp_path}/host:/bound:ro"])
        identity = await made(box, state, "echo in > /vol/a", host=host)
        assert await fetched(box, identity, "/vol/a") == {"a": b"in\n"}
        assert await fetched(box, identity, "/bound/file") == {"file": b"of the host"}
        await box.containers.put_archive(identity, "/vol", chunks(archive(("b", b"put"))))
        assert (box.engine.volumes.directory("vol") / "b").read_bytes() == b"put"
        with pytest.raises(Forbidden, match="mounted volume is marked read-only"):
            await box.containers.put_archive(identity, "/bound", chunks(archive(("b", b"put"))))
        assert identity[:12].encode() in b"".join((await fetched(box, identity, "/etc/hostname")).values())  # type: ignore[arg-type]


@pytest.mark.parametrize("state", STATES)
async def test_a_read_only_root_takes_nothing(tmp_path: Path, state: str) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, state, host=HostConfig(readonly_rootfs=True))
        with pytest.raises(Forbidden, match="container rootfs is marked read-only"):
            await box.containers.put_archive(identity, "/tmp", chunks(archive(("a", b"b"))))


async def test_kinds_are_kept_when_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, "stopped", "mkdir -p /d/dir", "echo x > /d/file")
        for members in ((("dir", b"file now"),), (("file/", b""),)):
            with pytest.raises(Invalid, match="cannot overwrite"):
                await box.containers.put_archive(identity, "/d", chunks(archive(*members)), no_overwrite=True)
            await box.containers.put_archive(identity, "/d", chunks(archive(*members)))
        assert await fetched(box, identity, "/d") == {"d": "", "d/dir": b"file now", "d/file": ""}
        with pytest.raises(Invalid, match="extraction point is not a directory"):
            await box.containers.put_archive(identity, "/d/dir", chunks(archive(("a", b"b"))))


@pytest.mark.parametrize("state", STATES)
async def test_owner_is_the_containers_user_when_asked_for(tmp_path: Path, state: str) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, state, user="1234:77")
        await box.containers.put_archive(identity, "/tmp", chunks(archive(("own", b"o"))), copy_owner=True)
        await box.containers.put_archive(identity, "/tmp", chunks(archive(("kept", b"k"), uid=5, gid=6)))
        _, stream = await box.containers.get_archive(identity, "/tmp")
        data = b"".join([chunk async for chunk in stream])
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            owners = {member.name: (member.uid, member.gid) for member in tar}
        assert (owners["tmp/own"], owners["tmp/kept"]) == ((1234, 77), (5, 6))


async def test_a_garbage_archive_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, "stopped")
        with pytest.raises(Invalid):
            await box.containers.put_archive(identity, "/tmp", chunks(b"no tar at all" * 1000))
        with pytest.raises(Invalid):
            await box.containers.put_archive(identity, "/tmp", chunks(archive(("../up", b"out"))))


async def test_an_archive_that_nobody_reads_holds_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, "stopped", "dd if=/dev/zero of=/big bs=1M count=8")
        _, stream = await box.containers.get_archive(identity, "/big")
        assert await anext(stream)  # type: ignore[call-overload]
        await stream.aclose()  # type: ignore[attr-defined]
        async with asyncio.timeout(10):
            await box.containers.remove(identity)


# The racing container of CVE-2018-15664: /race/d is a directory one moment and a link to "/" the next.
RACE = "mkdir /race /race/d; ln -s / /race/l; while :; do mv /race/d /race/t; mv /race/l /race/d; " \
       "mv /race/d /race/l; mv /race/t /race/d; done"  # fmt: skip


async def test_a_path_exchanged_for_a_link_never_leads_to_the_host(tmp_path: Path) -> None:
    """CVE-2018-15664: copy out and in, while the container swaps a directory and a link to the root."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("of the host")
    async with opened(tmp_path) as box:
        identity = await box.running("sh", "-c", RACE)
        for number in range(15):
            try:
                found = await fetched(box, identity, f"/race/d{secret}")
                raise AssertionError(f"the host's own directory was sent: {found}")
            except NotFound:
                pass
            try:
                name = f"pydock-race-{number}"
                await box.containers.put_archive(identity, "/race/d", chunks(archive((name, b"x"))))
            except (NotFound, Invalid):
                pass
            assert not os.path.lexists(f"/{name}")
        assert [path.name for path in secret.iterdir()] == ["key"]


async def test_nothing_of_the_containers_root_is_loaded(tmp_path: Path) -> None:
    """CVE-2019-14271: libraries and modules that the worker might load lie in the container as traps."""
    async with opened(tmp_path) as box:
        site = os.path.dirname(os.__file__)
        project = str(Path(__file__).parents[2])
        traps = [
            f"mkdir -p {place}"
            for place in (f"{site}/encodings", f"{project}/core/containers", "/lib", "/etc")
        ]
        code = "open('/trapped','w').write('x')"
        for place in (
            f"{site}/tarfile.py",
            f"{site}/encodings/idna.py",
            f"{project}/core/containers/copying.py",
        ):
            traps.append(f'echo "{code}" > {place}')
        traps += ["echo trap > /lib/libnss_files.so.2", "echo 'passwd: files trap' > /etc/nsswitch.conf"]
        identity = await made(box, "running", *traps)
        await box.containers.put_archive(identity, "/tmp", chunks(archive(("ü", b"x"), uname="trap")))  # type: ignore[arg-type]
        assert await fetched(box, identity, "/tmp/ü") == {"ü": b"x"}
        code, _ = await box.exec(identity, "test", "-e", "/trapped")  # type: ignore[assignment]
        assert code == 1


async def test_links_in_an_archive_change_no_file_outside(tmp_path: Path) -> None:
    """CVE-2021-41089: a crafted archive that would change modes through links."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    victim.chmod(0o600)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, target in (("out", str(victim)), ("up", "../" * 12 + str(victim)[1:])):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
            again = tarfile.TarInfo(name + "/.")
            again.type, again.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(again)
        hard = tarfile.TarInfo("hard")
        hard.type, hard.linkname = tarfile.LNKTYPE, str(victim)
        tar.addfile(hard)
    async with opened(tmp_path) as box:
        for state in STATES:
            identity = await made(box, state)
            with pytest.raises(Invalid):
                await box.containers.put_archive(identity, "/tmp", chunks(data.getvalue()))
        assert stat.S_IMODE(victim.stat().st_mode) == 0o600
        assert victim.stat().st_nlink == 1
        assert victim.read_text() == "mine"


async def test_a_device_put_in_a_files_place_is_not_opened(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await made(box, "running", "mknod /disk b 8 0", "mkfifo /pipe", "echo a > /a")
        async with asyncio.timeout(20):
            assert await fetched(box, identity, "/disk") == {"disk": ""}
            assert await fetched(box, identity, "/pipe") == {"pipe": ""}


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("a", "/a"),
        ("/a/../b", "/b"),
        ("../..", "/"),
        ("/a/", "/a/"),
        ("a/.", "/a/."),
        (".", "/."),
        ("/", "/"),
    ],
)
def test_paths_begin_at_the_root(path: str, whole: str) -> None:
    assert absolute(path) == whole


def test_modes_as_go_has_them() -> None:
    assert go_mode(stat.S_IFDIR | 0o1777) == 1 << 31 | 1 << 20 | 0o777
    assert go_mode(stat.S_IFREG | 0o4755) == 1 << 23 | 0o755
    assert go_mode(stat.S_IFCHR | 0o600) == 1 << 26 | 1 << 21 | 0o600
