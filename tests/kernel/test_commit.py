"""What a container changed, exported and made an image of: `docker diff`, `export`, `commit`."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from kernel.engines import Box, opened
from pydock.core.config import Config
from pydock.core.containers.committing import Commit
from pydock.core.errors import Invalid
from pydock.core.schema.containers import ContainerConfig, CreateRequest, HostConfig

DRIVERS = ("overlay2", "vfs")
CHANGE = (
    "echo new > /new; mkdir -p /d/e; echo f > /d/e/f; echo more >> /etc/group; chmod 700 /home;"
    "rm /etc/profile; touch /etc/tmp; rm /etc/tmp; ln -s new /link; echo v > /vol/file; chmod 755 /home;"
    "chmod 711 /var"
)


async def changed(box: Box, identity: str) -> dict[str, str]:
    return {change.path: "CAD"[change.kind] for change in await box.containers.changes(identity)}


@pytest.mark.parametrize("driver", DRIVERS)
async def test_changes_are_told_as_docker_tells_them(tmp_path: Path, driver: str) -> None:
    async with opened(tmp_path, Config(storage_driver=driver)) as box:
        identity = await box.create("sh", "-c", CHANGE, host=HostConfig(binds=["volume:/vol"]))
        assert await changed(box, identity) == {}
        assert await box.finish(identity) == 0
        assert await changed(box, identity) == {
            "/d": "A",
            "/d/e": "A",
            "/d/e/f": "A",
            "/etc": "C",
            "/etc/group": "C",
            "/etc/profile": "D",
            "/link": "A",
            "/new": "A",
            "/var": "C",
            "/vol": "A",
        }


async def test_a_start_alone_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sleep", "60")
        assert await changed(box, identity) == {}
        await box.exec(identity, "touch", "/etc/hosts.mine")
        assert await changed(box, identity) == {"/etc": "C", "/etc/hosts.mine": "A"}


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_directory_made_anew_has_lost_its_old_files(tmp_path: Path, driver: str) -> None:
    async with opened(tmp_path, Config(storage_driver=driver)) as box:
        identity = await box.create("sh", "-c", "rm -r /etc; mkdir /etc; echo mine > /etc/group; rm -rf /var")
        await box.finish(identity)
        assert await changed(box, identity) == {
            "/etc": "C",
            "/etc/group": "C",
            "/etc/passwd": "D",
            "/etc/profile": "D",
            "/var": "D",
        }
        image = await box.containers.commit(identity, Commit())
        code, output = await ran(box, image, "sh", "-c", "ls /etc | grep -v -e host -e resolv; ls -d /var")
        assert (code, output.splitlines()[:1]) == (1, ["group"])


async def ran(box: Box, image: str, *cmd: str) -> tuple[int, str]:
    request = CreateRequest(image=image, cmd=list(cmd) or None, host_config=HostConfig(network_mode="none"))
    identity, _ = await box.containers.create(None, request)
    code = await box.finish(identity)
    return code, await box.log(identity)


@pytest.mark.parametrize("driver", DRIVERS)
async def test_an_image_of_what_was_changed(tmp_path: Path, driver: str) -> None:
    async with opened(tmp_path, Config(storage_driver=driver)) as box:
        identity = await box.create(
            "sh", "-c", CHANGE, host=HostConfig(binds=["volume:/vol"]), env=["A=1"], labels={"k": "v"}
        )
        await box.finish(identity)
        wish = Commit(
            repo="mine",
            tag="1",
            comment="msg",
            author="me <m@x>",
            changes=['CMD ["cat", "/d/e/f"]', "ENV Z=9", "EXPOSE 77"],
        )
        image = await box.containers.commit(identity, wish)
        shown = await box.engine.images.inspect("mine:1")
        assert (shown.id, shown.author, shown.comment) == (image, "me <m@x>", "msg")
        config = shown.config
        assert config is not None
        assert (config.cmd, config.labels) == (["cat", "/d/e/f"], {"k": "v"})
        assert {"A=1", "Z=9"} <= set(config.env or ())
        assert await ran(box, "mine:1") == (0, "f\n")
        script = (
            "cat /new; stat -c %a /var; ls /etc/profile; ls -A /vol; readlink /link; tail -n 1 /etc/group"
        )
        _, output = await ran(box, image, "sh", "-c", script)
        assert [line for line in output.splitlines() if "profile" not in line] == [
            "new",
            "711",
            "new",
            "more",
        ]
        first, *_ = await box.engine.images.history("mine:1")
        assert (first.comment, first.created_by.startswith("sh -c echo new")) == ("msg", True)
        parent = (await box.containers.inspect(identity)).image
        assert (await box.engine.images.get("mine:1")).parent == parent
        events = [event.action for event in await box.events(identity)]
        assert events[-1] == "commit"


async def test_a_running_container_is_paused_meanwhile(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.running("sleep", "60")
        await box.containers.commit(identity, Commit())
        await box.containers.commit(identity, Commit(pause=False))
        actions = [event.action for event in await box.events(identity)]
        assert actions == ["create", "start", "pause", "unpause", "commit", "commit"]
        assert await box.state(identity) == "running"


async def test_a_wrong_change_makes_no_image(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.create("true")
        before = len(await box.engine.images.list(all=True))
        with pytest.raises(Invalid):
            await box.containers.commit(identity, Commit(changes=["RUN rm -rf /"]))
        assert len(await box.engine.images.list(all=True)) == before


async def test_a_given_configuration_comes_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as box:
        identity = await box.create("true", env=["A=1", "B=1"], labels={"a": "1"})
        given = ContainerConfig(env=["A=2"], entrypoint=["echo"], labels={"b": "2"})
        image = await box.containers.commit(identity, Commit(), given)
        config = (await box.engine.images.inspect(image)).config
        assert config is not None
        assert (config.entrypoint, config.cmd, config.labels) == (["echo"], None, {"a": "1", "b": "2"})
        assert (config.env or [])[:2] == ["A=2", "B=1"]


@pytest.mark.parametrize("running", [True, False])
async def test_export_has_the_root_and_no_volume(tmp_path: Path, running: bool) -> None:
    async with opened(tmp_path) as box:
        script = "echo new > /new; echo v > /vol/file; rm /etc/profile; echo ready" + "; sleep 60" * running
        identity = await box.running("sh", "-c", script, host=HostConfig(binds=["volume:/vol"]))
        if running:
            await box.until_logged(identity, "ready")
        else:
            await (await box.containers.wait(identity))
        data = b"".join([chunk async for chunk in await box.containers.export(identity)])
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            names = tar.getnames()
            new = tar.extractfile("new")
            assert new is not None
            assert new.read() == b"new\n"
        assert {"bin/busybox", "etc", "etc/group", "vol", "proc", "dev"} <= set(names)
        assert not {"vol/file", "etc/profile", "dev/null"} & set(names)
        assert not any(name.startswith(("proc/", "sys/")) for name in names)

        async def source() -> object:
            yield data

        image = await box.engine.images.import_tar(source(), changes=['CMD ["cat", "/new"]'])  # type: ignore[arg-type]
        assert await ran(box, image) == (0, "new\n")


async def test_links_exchanged_meanwhile_lead_no_walk_to_the_host(tmp_path: Path) -> None:
    """CVE-2018-15664's kind: diff, export and commit while directories and links to / change places."""
    (tmp_path / "secret").write_text("of the host")
    script = (
        "mkdir -p /race/d /race/t; touch /race/d/f; ln -s / /race/l; echo ready; while :; do "
        "mv /race/d /race/x; mv /race/l /race/d; mv /race/d /race/l; mv /race/x /race/d; done"
    )
    async with opened(tmp_path) as box:
        identity = await box.running("sh", "-c", script)
        await box.until_logged(identity, "ready")
        for _ in range(5):
            allowed = {"/race", "/race/d", "/race/d/f", "/race/t", "/race/l", "/race/x", "/race/x/f"}
            found = set(await changed(box, identity))
            assert found <= allowed | {"/race/d/l", "/race/x/l", "/race/d/x", "/race/d/x/f"}, found
            data = b"".join([chunk async for chunk in await box.containers.export(identity)])
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                assert not [name for name in tar.getnames() if "secret" in name]
        await box.containers.commit(identity, Commit(pause=False))
