"""Containers through the engine: life, exit codes, options, mounts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.engines import BOUND_S, IMAGE, Box, opened
from pydock.core.errors import Conflict, Invalid, NotFound, NotModified, StartFailed
from pydock.core.filters import Filters
from pydock.core.schema.containers import (
    CreateRequest,
    DeviceMapping,
    HostConfig,
    Mount,
    RestartPolicy,
    Ulimit,
    UpdateRequest,
)

TRAP = "trap 'echo term; exit 5' TERM; echo up; while :; do sleep 0.05; done"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path) as box:
        yield box


async def test_exit_code_and_output_of_a_container(box: Box) -> None:
    assert await box.run("sh", "-c", "echo out; echo err >&2; exit 7") == (7, "out\nerr\n")


@pytest.mark.parametrize(
    ("cmd", "code", "words"),
    [
        ("nosuchcmd", 127, 'exec: "nosuchcmd": executable file not found in $PATH'),
        ("/etc", 126, 'exec: "/etc": permission denied'),
    ],
)
async def test_a_program_that_cannot_run_fails_the_start_in_dockers_words(
    box: Box, cmd: str, code: int, words: str
) -> None:
    identity = await box.create(cmd)
    with pytest.raises(StartFailed) as failure:
        await box.containers.start(identity)
    assert failure.value.exit_code == code
    assert str(failure.value) == (
        "failed to create task for container: failed to create shim task: OCI runtime create failed: "
        f"runc create failed: unable to start container process: {words}"
    )
    state = (await box.containers.inspect(identity)).state
    assert (state.status, state.exit_code, state.pid) == ("created", code, 0)


async def test_stop_sends_the_stop_signal_and_waits(box: Box) -> None:
    identity = await box.running("sh", "-c", TRAP)
    await box.until_logged(identity, "up")
    await box.containers.stop(identity, timeout=20)
    state = (await box.containers.inspect(identity)).state
    assert (state.status, state.exit_code, state.running) == ("exited", 5, False)
    assert (await box.log(identity)).endswith("term\n")
    with pytest.raises(NotModified):
        await box.containers.stop(identity)


async def test_stop_kills_after_timeout(box: Box) -> None:
    identity = await box.running("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    await box.until_logged(identity, "up")
    await box.containers.stop(identity, timeout=0)
    assert (await box.containers.inspect(identity)).state.exit_code == 137


async def test_a_stopped_container_starts_again_and_keeps_its_files(box: Box) -> None:
    identity = await box.create("sh", "-c", "test -e /mark && exit 9; touch /mark")
    assert await box.finish(identity) == 0
    assert await box.finish(identity) == 9


async def test_starting_twice_changes_nothing(box: Box) -> None:
    identity = await box.running("sleep", "60")
    with pytest.raises(NotModified):
        await box.containers.start(identity)


async def test_kill_sends_any_signal(box: Box) -> None:
    identity = await box.running("sh", "-c", "trap 'echo usr1' USR1; echo up; while :; do sleep 0.05; done")
    await box.until_logged(identity, "up")
    await box.containers.kill(identity, "USR1")
    await box.until_logged(identity, "usr1")
    await box.containers.kill(identity)
    with pytest.raises(Conflict, match="is not running"):
        await box.containers.kill(identity)
    assert (await box.containers.inspect(identity)).state.exit_code == 137


async def test_pause_freezes_and_unpause_lets_go(box: Box) -> None:
    identity = await box.running("sleep", "60")
    await box.containers.pause(identity)
    assert await box.state(identity) == "paused"
    with pytest.raises(Conflict, match="already paused"):
        await box.containers.pause(identity)
    with pytest.raises(Conflict, match="unpause the container before exec"):
        await box.exec(identity, "true")
    await box.containers.unpause(identity)
    assert await box.state(identity) == "running"
    with pytest.raises(Conflict, match="is not paused"):
        await box.containers.unpause(identity)


async def test_names_are_unique_and_renamed(box: Box) -> None:
    first = await box.create("true", name="one")
    with pytest.raises(Conflict) as conflict:
        await box.create("true", name="one")
    assert str(conflict.value) == (
        f'Conflict. The container name "/one" is already in use by container "{first}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )
    await box.containers.rename("one", "two")
    assert (await box.containers.inspect("two")).id == first
    with pytest.raises(NotFound, match="No such container: one"):
        await box.containers.inspect("one")


async def test_a_failed_creation_leaves_nothing(box: Box) -> None:
    await box.create("true", name="taken")
    before = sorted(p.name for p in box.engine.paths.containers.iterdir())
    volumes = await box.engine.volumes.list()
    with pytest.raises(Conflict):
        await box.create("true", name="taken", volumes={"/data": {}})
    assert sorted(p.name for p in box.engine.paths.containers.iterdir()) == before
    assert await box.engine.volumes.list() == volumes


async def test_a_running_container_is_removed_only_by_force(box: Box) -> None:
    identity = await box.running("sleep", "60", name="web")
    with pytest.raises(Conflict) as conflict:
        await box.containers.remove("web")
    assert str(conflict.value) == (
        'cannot remove container "web": container is running: '
        "stop the container before removing or force remove"
    )
    await box.containers.remove("web", force=True)
    with pytest.raises(NotFound):
        await box.containers.inspect(identity)
    assert not box.engine.paths.container(identity).exists()
    assert not box.engine.paths.container_run(identity).exists()


async def test_auto_remove_takes_it_away_and_tells_the_code(box: Box) -> None:
    identity = await box.create("sh", "-c", "exit 3", host=HostConfig(auto_remove=True))
    waiting = await box.containers.wait(identity, "removed")
    await box.containers.start(identity)
    assert await asyncio.wait_for(waiting, BOUND_S) == 3
    with pytest.raises(NotFound):
        await box.containers.inspect(identity)


async def test_restart_policy_counts(box: Box) -> None:
    policy = RestartPolicy(name="on-failure", maximum_retry_count=2)
    identity = await box.create("sh", "-c", "exit 1", host=HostConfig(restart_policy=policy))
    await box.containers.start(identity)
    found = await box.containers.inspect(identity)
    # As in Docker, a wait ends with each exit, also where a restart follows.
    while found.state.status != "exited":
        waiting = await box.containers.wait(identity)
        assert await asyncio.wait_for(waiting, BOUND_S) == 1
        found = await box.containers.inspect(identity)
    assert (found.restart_count, found.state.exit_code) == (2, 1)


async def test_restart_keeps_an_auto_remove_container(box: Box) -> None:
    identity = await box.running("sleep", "60", host=HostConfig(auto_remove=True))
    pid = (await box.containers.inspect(identity)).state.pid
    await box.containers.restart(identity, timeout=0)
    found = (await box.containers.inspect(identity)).state
    assert found.running
    assert found.pid != pid


async def test_events_tell_a_life_in_dockers_order(box: Box) -> None:
    identity = await box.create("sh", "-c", "exit 3", name="ev", labels={"k": "v"})
    await box.finish(identity)
    await box.containers.remove(identity)
    events = await box.events(identity)
    assert [event.action for event in events] == ["create", "start", "die", "destroy"]
    assert events[2].actor.attributes["exitCode"] == "3"
    assert {"k": "v", "image": IMAGE, "name": "ev"}.items() <= events[0].actor.attributes.items()


async def test_the_first_process_has_dockers_privileges(box: Box) -> None:
    _, text = await box.run("sh", "-c", "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; umask")
    assert text == (
        "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"
        "CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n0022\n"
    )


async def test_default_devices_are_dockers(box: Box) -> None:
    _, text = await box.run("ls", "/dev")
    assert text.split() == (
        "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero".split()
    )


async def test_default_mounts_are_dockers(box: Box) -> None:
    script = "cut -d' ' -f2,3,4 /proc/mounts | grep -v -E 'cgroup|^/(etc|proc/acpi|proc/scsi)'"
    _, text = await box.run("sh", "-c", script)
    mounts = {line.split()[0]: line.split(maxsplit=1)[1] for line in text.splitlines()}
    overlay = mounts.pop("/")
    assert overlay.startswith("overlay rw,relatime,lowerdir=")
    expected = {
        "/dev": "tmpfs rw,nosuid,size=65536k,mode=755",
        "/dev/mqueue": "mqueue rw,nosuid,nodev,noexec,relatime",
        "/dev/pts": "devpts rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666",
        "/dev/shm": "tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k",
        "/proc": "proc rw,nosuid,nodev,noexec,relatime",
        "/proc/bus": "proc ro,nosuid,nodev,noexec,relatime",
        "/proc/fs": "proc ro,nosuid,nodev,noexec,relatime",
        "/proc/irq": "proc ro,nosuid,nodev,noexec,relatime",
        "/proc/sys": "proc ro,nosuid,nodev,noexec,relatime",
        "/sys": "sysfs ro,nosuid,nodev,noexec,relatime",
        "/sys/firmware": "tmpfs ro,relatime",
    }
    assert expected.items() <= mounts.items()


async def test_users_by_number_are_never_names(box: Box) -> None:
    # The image has a line "1000:x:7:7" besides user 1000 named "user".
    assert await box.run("id", "-u", user="1000") == (0, "1000\n")
    assert await box.run("id", user="user") == (
        0,
        "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)\n",
    )
    assert await box.run("id", "-g", user="1234:5678") == (0, "5678\n")
    with pytest.raises(Invalid, match="unable to find user nosuch: no matching entries in passwd file"):
        await box.run("id", user="nosuch")


async def test_environment_working_directory_and_hostname(box: Box) -> None:
    code, text = await box.run(
        "sh", "-c", "env | sort; pwd; hostname", env=["X=1"], working_dir="/new/dir", hostname="hh"
    )
    assert code == 0
    assert text.splitlines() == [
        "HOME=/root",
        "HOSTNAME=hh",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PWD=/new/dir",
        "SHLVL=1",
        "X=1",
        "/new/dir",
        "hh",
    ]


async def test_limits_reach_the_cgroup(box: Box) -> None:
    host = HostConfig(memory=64 << 20, pids_limit=50, nano_cpus=500_000_000, cpu_shares=512)
    script = (
        "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us "
        "pids/pids.max 2>/dev/null || cat memory.max cpu.weight cpu.max pids.max"
    )
    _, text = await box.run("sh", "-c", script, host=host)
    assert text.split()[0] == str(64 << 20)
    assert text.split()[-1] == "50"


async def test_out_of_memory_is_told(box: Box) -> None:
    identity = await box.create("tail", "/dev/zero", host=HostConfig(memory=16 << 20))
    assert await box.finish(identity) == 137
    assert (await box.containers.inspect(identity)).state.oom_killed


async def test_update_changes_a_running_container(box: Box) -> None:
    identity = await box.running("sleep", "60")
    await box.containers.update(
        identity, UpdateRequest(pids_limit=44, memory=80 << 20, memory_swap=160 << 20)
    )
    _, text = await box.exec(
        identity, "sh", "-c", "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max"
    )
    assert text.endswith(b"44\n")
    assert (await box.containers.inspect(identity)).host_config.memory == 80 << 20


NULL = DeviceMapping(path_on_host="/dev/null", path_in_container="/dev/xnull", cgroup_permissions="rwm")
OPTIONS = (
    (HostConfig(readonly_rootfs=True), "touch /x 2>/dev/null || echo no", "no"),
    (HostConfig(ulimits=[Ulimit(name="nofile", soft=100, hard=200)]), "ulimit -Sn; ulimit -Hn", "100\n200"),
    (HostConfig(shm_size=8 << 20), "df -k /dev/shm | tail -1 | awk '{print $2}'", "8192"),
    (HostConfig(sysctls={"kernel.msgmax": "4096"}), "cat /proc/sys/kernel/msgmax", "4096"),
    (HostConfig(oom_score_adj=7), "cat /proc/self/oom_score_adj", "7"),
    (
        HostConfig(cap_drop=["ALL"], cap_add=["NET_BIND_SERVICE"]),
        "grep CapEff /proc/self/status",
        "CapEff:\t0000000000000400",
    ),
    (HostConfig(security_opt=["no-new-privileges"]), "grep NoNew /proc/self/status", "NoNewPrivs:\t1"),
    (HostConfig(security_opt=["seccomp=unconfined"]), "grep Seccomp: /proc/self/status", "Seccomp:\t0"),
    (HostConfig(init=True), "cat /proc/1/comm; [ $$ -gt 1 ] && echo child", "docker-init\nchild"),
    (HostConfig(devices=[NULL]), "ls -l /dev/xnull | cut -c1-10", "crw-rw-rw-"),
    (
        HostConfig(tmpfs={"/t": "size=1m,mode=1777"}),
        "grep ' /t ' /proc/mounts",
        "tmpfs /t tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k 0 0",
    ),
    (HostConfig(pid_mode="host"), "[ $$ -gt 1 ] && echo host", "host"),
    (HostConfig(group_add=["99", "extra"]), "id -G", "0 99 2000"),
    (HostConfig(network_mode="host"), "[ -e /sys/class/net/lo ] && echo net", "net"),
)


@pytest.mark.parametrize(("host", "script", "output"), OPTIONS)
async def test_options_act(box: Box, host: HostConfig, script: str, output: str) -> None:
    assert await box.run("sh", "-c", script, host=host) == (0, output + "\n")


async def test_privileged_has_all_that_the_engine_has(box: Box) -> None:
    script = (
        "grep -E '^Seccomp:' /proc/self/status; [ -w /proc/sys/kernel/domainname ] && echo rw; "
        "ls /dev | wc -l"
    )
    code, text = await box.run("sh", "-c", script, host=HostConfig(privileged=True))
    assert code == 0
    seccomp, writable, devices = text.splitlines()
    assert (seccomp, writable) == ("Seccomp:\t0", "rw")
    assert int(devices) > 14


async def test_namespaces_of_another_container_are_joined(box: Box) -> None:
    other = await box.running("sleep", "61", name="other")
    host = HostConfig(pid_mode="container:other", network_mode="container:other")
    code, text = await box.run("sh", "-c", "ps | grep -c '[s]leep 61'; hostname", host=host)
    assert (code, text.splitlines()[0]) == (0, "1")
    assert text.splitlines()[1] == other[:12]


async def test_bind_mounts_are_writable_or_not(box: Box, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/f").write_text("1\n")
    place = str(tmp_path / "m")
    assert await box.run("sh", "-c", "cat /m/f; echo 2 > /m/g", host=HostConfig(binds=[f"{place}:/m"])) == (
        0,
        "1\n",
    )
    assert (tmp_path / "m/g").read_text() == "2\n"
    mount = Mount(type="bind", source=place, target="/m", read_only=True)
    code, text = await box.run("touch", "/m/h", host=HostConfig(mounts=[mount]))
    assert (code, text) == (1, "touch: /m/h: Read-only file system\n")


async def test_a_missing_bind_source_is_made_for_v_and_refused_for_mount(box: Box, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert (await box.run("ls", "-d", "/m", host=HostConfig(binds=[f"{made}:/m"])))[0] == 0
    assert made.is_dir()
    mount = Mount(type="bind", source="/nosuchsrc", target="/m")
    with pytest.raises(Invalid, match="bind source path does not exist: /nosuchsrc"):
        await box.create("true", host=HostConfig(mounts=[mount]))


async def test_a_new_volume_is_filled_from_the_image(box: Box) -> None:
    code, text = await box.run("ls", "/etc", host=HostConfig(binds=["vol:/etc"]))
    assert code == 0
    assert {"passwd", "group", "hosts"} <= set(text.split())
    code, text = await box.run("cat", "/x/passwd", host=HostConfig(binds=["vol:/x:ro"]))
    assert text.startswith("root:x:0:0")
    code, text = await box.run("sh", "-c", "ls /e | wc -l", host=HostConfig(binds=["fresh:/e:nocopy"]))
    assert text == "0\n"
    user = await box.create("true", host=HostConfig(binds=["vol:/x"]))
    with pytest.raises(Conflict, match="volume is in use"):
        await box.engine.volumes.remove("vol")
    assert user


async def test_anonymous_volumes_go_with_their_container(box: Box) -> None:
    identity = await box.create("true", volumes={"/anon": {}})
    (volume,) = await box.engine.volumes.list()
    assert (await box.containers.inspect(identity)).mounts[0].name == volume.name
    await box.containers.remove(identity, volumes=True)
    assert await box.engine.volumes.list() == []


async def test_volumes_from_another_container(box: Box) -> None:
    await box.create("true", name="data", host=HostConfig(binds=["vol:/data"]), volumes={"/anon": {}})
    code, text = await box.run(
        "sh", "-c", "touch /data/x 2>&1; ls -d /anon", host=HostConfig(volumes_from=["data:ro"])
    )
    assert (code, text) == (0, "touch: /data/x: Read-only file system\n/anon\n")


async def test_lists_filter_and_limit(box: Box) -> None:
    up = await box.running("sleep", "60", name="up", labels={"k": "v"})
    down = await box.create("true", name="down")

    async def ids(all: bool = True, **values: str) -> list[str]:
        filters = Filters({name.replace("_", "-"): (value,) for name, value in values.items()})
        return [row.id for row in await box.containers.list(all=all, filters=filters)]

    assert await ids(all=False) == [up]
    assert await ids() == [down, up]
    assert await ids(status="created") == [down]
    assert await ids(label="k=v") == [up]
    assert await ids(label="k=zz") == []
    assert await ids(name="^/up$") == [up]
    assert await ids(ancestor=IMAGE) == [down, up]
    assert await ids(since="up") == [down]
    assert await ids(before="down") == [up]
    assert await ids(network="none") == [down, up]
    assert await ids(id=up[:12]) == [up]
    with pytest.raises(Invalid, match="invalid filter 'nosuch'"):
        await ids(nosuch="1")
    assert [row.id for row in await box.containers.list(limit=1)] == [down]


async def test_top_and_stats_read_a_running_container(box: Box) -> None:
    identity = await box.running("sleep", "60")
    top = await box.containers.top(identity, "-o pid,comm")
    assert top.titles == ["PID", "COMMAND"]
    assert [row[1] for row in top.processes] == ["sleep"]
    stats = (await box.containers.stats_all([identity]))[identity]
    assert stats.pids_stats.current == 1
    assert stats.memory_stats.usage > 0
    assert stats.cpu_stats.system_cpu_usage > 0


async def test_prune_removes_what_is_down(box: Box) -> None:
    up, down = await box.running("sleep", "60"), await box.create("true")
    pruned = await box.containers.prune()
    assert pruned.containers_deleted == [down]
    assert await box.state(up) == "running"


async def test_parallel_starts_overlap_and_all_run(box: Box) -> None:
    made = [await box.create("sleep", "60") for _ in range(8)]
    async with asyncio.TaskGroup() as group:
        for identity in made:
            group.create_task(box.containers.start(identity))
    assert {await box.state(identity) for identity in made} == {"running"}


async def test_wrong_wishes_are_refused_in_dockers_words(box: Box) -> None:
    for host, words in (
        (HostConfig(memory=1024), "Minimum memory limit allowed is 6MB"),
        (
            HostConfig(auto_remove=True, restart_policy=RestartPolicy(name="always")),
            "can't create 'AutoRemove'",
        ),
        (HostConfig(pid_mode="nonsense"), "invalid pid mode"),
        (
            HostConfig(binds=["relative/path:/m"]),
            "If you intended to pass a host directory, use absolute path",
        ),
    ):
        with pytest.raises(Invalid, match=words):
            await box.create("true", host=host)
    with pytest.raises(NotFound, match="No such image: nosuch:img"):
        await box.containers.create(None, CreateRequest(image="nosuch:img", cmd=["true"]))
    with pytest.raises(Invalid, match="no command specified"):
        await box.create(entrypoint=[""])
