"""Volumes that are file systems of their own: the local driver's `type`, `device` and `o`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.engines import Box, make_paths, opened
from pydock.core.engine import Engine
from pydock.core.errors import Internal, Invalid
from pydock.core.schema.containers import HostConfig
from pydock.core.schema.volumes import VolumeCreateRequest
from pydock.core.volumes.mounting import is_mounted, plan


async def volume(box: Box, **options: str) -> str:
    await box.engine.volumes.create(VolumeCreateRequest(name="own", driver_opts=options))
    return "own"


USE = HostConfig(binds=["own:/own"])


async def test_memory_that_containers_share_while_they_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        await volume(box, type="tmpfs", device="tmpfs", o="size=1m,noexec")
        place = box.engine.volumes.directory("own")
        assert not is_mounted(place)
        first = await box.running("sh", "-c", "echo in > /own/f; echo ready; sleep 60", host=USE)
        await box.until_logged(first, "ready")
        assert is_mounted(place)
        code, output = await box.run("sh", "-c", "cat /own/f; grep ' /own ' /proc/mounts", host=USE)
        assert (code, output.split()[0]) == (0, "in")
        assert "tmpfs /own tmpfs rw,noexec" in output
        assert "size=1024k" in output
        assert is_mounted(place)
        await box.containers.stop(first, timeout=0)
        assert not is_mounted(place)
        await clean_volume(box)


async def clean_volume(box: Box) -> None:
    for row in await box.containers.list(all=True):
        await box.containers.remove(row.id, force=True)
    await box.engine.volumes.remove("own")
    assert not box.engine.volumes.directory("own").exists()


async def test_a_directory_of_the_host_as_a_volume(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "f").write_text("kept")
    async with opened(tmp_path) as box:
        await volume(box, type="none", device=str(tmp_path / "host"), o="bind")
        assert await box.run("sh", "-c", "cat /own/f; echo new > /own/g", host=USE) == (0, "kept")
        await clean_volume(box)
    assert (tmp_path / "host" / "g").read_text() == "new\n"
    assert (tmp_path / "host" / "f").read_text() == "kept"


async def test_read_only_binds_stay_so(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    async with opened(tmp_path) as box:
        await volume(box, type="none", device=str(tmp_path / "host"), o="bind,ro")
        code, output = await box.run("touch", "/own/x", host=USE)
        assert (code, "Read-only file system" in output) == (1, True)
        await clean_volume(box)


async def test_what_the_kernel_cannot_mount_is_told_in_its_words(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        await volume(box, type="nosuchfs", device=":/export", o="soft")
        with pytest.raises(Internal, match=r"failed to mount local volume: mount :/export:.*nosuchfs"):
            await box.run("true", host=USE)
        (row,) = await box.containers.list(all=True)
        assert await box.state(row.id) == "created"
        await clean_volume(box)


async def test_a_mount_left_by_a_killed_engine_goes_with_its_container(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        await volume(box, type="tmpfs", device="tmpfs")
        identity = await box.running("sleep", "60", host=USE)
        await box.engine.__aexit__(None, None, None)
        async with Engine(make_paths(tmp_path)) as second:
            again = Box(second)
            assert is_mounted(second.volumes.directory("own"))
            await again.containers.remove(identity, force=True)
            assert not is_mounted(second.volumes.directory("own"))
            await clean_volume(again)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "1"}, 'invalid option: "size"'),
        ({"o": "ro"}, 'missing required option: "type"'),
        ({"type": "tmpfs"}, 'missing required option: "device"'),
    ],
)
def test_wrong_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        plan(options)
