"""What containers share: memory, volumes and parts of them; and limits changed while they run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from kernel.engines import Box, demultiplex, opened
from pydock.core.errors import Invalid, PydockError
from pydock.core.schema.containers import (
    HostConfig,
    Mount,
    RestartPolicy,
    UpdateRequest,
    VolumeOptions,
)


async def test_memory_is_shared_with_whoever_joins_the_ipc_namespace(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        donor = await box.running(
            "sh",
            "-c",
            "echo shared > /dev/shm/note; echo ready; sleep 60",
            host=HostConfig(ipc_mode="shareable"),
        )
        await box.until_logged(donor, "ready")
        guest = HostConfig(ipc_mode=f"container:{donor}")
        script = "cat /dev/shm/note; echo back > /dev/shm/answer; readlink /proc/self/ns/ipc"
        code, output = await box.run("sh", "-c", script, host=guest)
        note, namespace = output.split()
        assert (code, note) == (0, "shared")
        _, answer = await box.exec(donor, "sh", "-c", "cat /dev/shm/answer; readlink /proc/self/ns/ipc")
        answer = b"".join(text for _, text in demultiplex(answer))
        assert answer.split() == [b"back", namespace.encode()]
        assert not os.path.exists("/dev/shm/note")


async def test_a_private_ipc_namespace_is_not_joined(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        donor = await box.running("sleep", "60")
        with pytest.raises(Invalid, match="non-shareable IPC"):
            await box.create("true", host=HostConfig(ipc_mode=f"container:{donor}"))


async def test_volumes_from_another_container(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        donor = await box.create(
            "sh",
            "-c",
            "echo data > /data/f; echo more > /more/g",
            host=HostConfig(binds=["data:/data", "/more"]),
        )
        await box.finish(donor)
        code, output = await box.run("cat", "/data/f", "/more/g", host=HostConfig(volumes_from=[donor]))
        assert (code, output) == (0, "data\nmore\n")
        code, output = await box.run("touch", "/data/x", host=HostConfig(volumes_from=[f"{donor}:ro"]))
        assert (code, "Read-only file system" in output) == (1, True)


def _part(subpath: str) -> HostConfig:
    options = VolumeOptions(subpath=subpath)
    return HostConfig(mounts=[Mount(type="volume", source="vol", target="/part", volume_options=options)])


async def test_a_part_of_a_volume(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        whole = HostConfig(binds=["vol:/vol"])
        script = f"mkdir -p /vol/a/b; echo in > /vol/a/b/file; ln -s {tmp_path} /vol/out; ln -s a/b /vol/in"
        assert (await box.run("sh", "-c", script, host=whole))[0] == 0
        assert await box.run("ls", "/part", host=_part("a/b")) == (0, "file\n")
        assert await box.run("ls", "/part", host=_part("in")) == (0, "file\n")
        with pytest.raises(PydockError, match="no such file"):
            await box.run("true", host=_part("none"))
        with pytest.raises(Invalid, match="subpath must be a relative path"):
            await box.create("true", host=_part("../x"))
        # A link that somebody with the volume has made leads nowhere but into the volume.
        with pytest.raises(PydockError, match="no such file"):
            await box.run("true", host=_part("out"))


async def test_limits_and_policy_change_while_it_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sleep", "60", host=HostConfig(memory=64 << 20))
        wish = UpdateRequest(
            memory=80 << 20,
            memory_swap=160 << 20,
            cpu_shares=300,
            pids_limit=44,
            restart_policy=RestartPolicy(name="unless-stopped"),
        )
        await box.containers.update(identity, wish)
        host = (await box.containers.inspect(identity)).host_config
        assert (host.memory, host.cpu_shares, host.pids_limit) == (80 << 20, 300, 44)
        assert host.restart_policy.name == "unless-stopped"
        stats = (await box.containers.stats_all([identity]))[identity]
        assert (stats.memory_stats.limit, stats.pids_stats.limit) == (80 << 20, 44)
        with pytest.raises(Invalid, match="Minimum memory limit allowed is 6MB"):
            await box.containers.update(identity, UpdateRequest(memory=1024))
        await _restarted(box, identity)
        stats = (await box.containers.stats_all([identity]))[identity]
        assert stats.memory_stats.limit == 80 << 20


async def _restarted(box: Box, identity: str) -> None:
    """Let its program end, and wait until the policy has started it again, without an engine's doing."""
    context = box.engine.containers._ctx
    first = context.book.find(identity)
    await box.exec(identity, "kill", "-9", "1")
    os.kill(first.pid, 9)

    def again() -> bool:
        now = context.book.get(identity)
        return now is not None and now.pid not in (0, first.pid)

    await asyncio.wait_for(context.changes.until(identity, again), 30)
