"""Attacks on starts and execs that worked on other engines, performed here (design/SECURITY.md)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.box import Box
from pydock.core.linux import mount as m
from pydock.core.linux import namespace
from pydock.core.runtime import child
from pydock.core.runtime.failure import Refused
from pydock.core.runtime.launch import LaunchError, LaunchHooks
from pydock.core.runtime.plan import INIT


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


_SPY = """
read x < /tmp/go
for name in exe root cwd ns/mnt; do readlink /proc/2/$name && echo LEAK $name; done
for fd in /proc/2/fd/*; do readlink $fd && echo LEAK fd; cat $fd && echo LEAK fd; done
cat /proc/2/environ /proc/2/maps && echo LEAK memory
head -c1 /proc/2/exe > /dev/null && echo LEAK program
echo x > /proc/2/exe && echo LEAK writing
ls /proc/2 > /dev/null && echo seen
echo x > /tmp/done
read x < /tmp/end
"""


def test_process_that_joins_shows_nothing_before_its_exec(box: Box) -> None:
    """CVE-2016-9962: a container's root looks at a process that has entered its pid namespace."""
    for name in ("go", "done", "end"):
        os.mkfifo(box.root / "tmp" / name, 0o666)
    spy = box.start(box.spec("sh", "-c", _SPY), box.copy())
    spec = box.spec("true")
    spec["linux"]["cgroupsPath"] += "-second"
    for entry in spec["linux"]["namespaces"]:
        if entry["type"] == "pid":
            entry["path"] = f"/proc/{spy.launched.pid}/ns/pid"

    def stand_still() -> None:
        (box.root / "tmp/go").write_text("x\n")
        (box.root / "tmp/done").read_text()

    assert box.start(spec, hooks=LaunchHooks(configure=stand_still)).finish().code == 0
    # The first process's end would have been that of its whole namespace.
    (box.root / "tmp/end").write_text("x\n")
    result = spy.finish()
    assert result.out == "seen\n"
    assert result.err.count("Permission denied") >= 4


def test_interpreter_from_a_readonly_mount_cannot_be_written(tmp_path: Path) -> None:
    """CVE-2019-5736: `/proc/self/exe` of what enters a container, opened for writing now and later."""
    program = tmp_path / "python"
    program.write_bytes(Path(os.path.realpath(sys.executable)).read_bytes())
    program.chmod(0o755)
    before = program.read_bytes()
    tree = m.open_tree(m.AT_FDCWD, str(program), m.OPEN_TREE_CLONE)
    m.mount_setattr(tree, "", m.AT_EMPTY_PATH, attr_set=m.MOUNT_ATTR_RDONLY)
    script = """
import os
held = os.open("/proc/self/exe", os.O_PATH)
os.set_inheritable(held, True)
try:
    os.open("/proc/self/exe", os.O_WRONLY)
except OSError as err:
    print(err.errno, flush=True)
os.execve("/bin/sh", ["sh", "-c", f"echo x > /proc/self/fd/{held} || echo refused"], {})
"""
    command = [os.path.realpath(sys.executable), "-I", "-S", "-c", script]
    environment = {"LD_LIBRARY_PATH": os.path.join(sys.base_prefix, "lib"), "PATH": os.defpath}
    try:
        result = subprocess.run(
            command,
            executable=f"/proc/self/fd/{tree}",
            pass_fds=(tree,),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(tree)
    number, refused = result.stdout.split()
    assert number in ("26", "30")  # ETXTBSY while it runs, or EROFS
    assert refused == "refused"
    assert "Read-only file system" in result.stderr
    assert program.read_bytes() == before


def test_init_is_no_file_of_the_hosts(box: Box) -> None:
    """CVE-2019-5736: the first process's program is in memory and sealed."""
    script = "ls -l /proc/1/exe; : > /proc/1/exe; echo x > /proc/1/map_files/* 2>/dev/null; true"
    spec = box.spec("sh", "-c", script)
    spec["annotations"] = {INIT: "true"}
    result = box.run(spec)
    assert "memfd:docker-init" in result.out
    assert "can't create /proc/1/exe" in result.err


def test_program_that_is_the_entering_process_gains_nothing(box: Box) -> None:
    """CVE-2019-5736: an image whose program is `#!/proc/self/exe`, and a link to it."""
    (box.root / "evil").write_text("#!/proc/self/exe\n")
    (box.root / "evil").chmod(0o755)
    (box.root / "link").symlink_to("/proc/self/exe")
    for name in ("/evil", "/link"):
        # The interpreter is found, but all that it is made of would have to come from the image.
        with pytest.raises(LaunchError):
            box.start(box.spec(name))


@pytest.mark.parametrize("number", [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 101])
def test_working_directory_never_is_a_descriptor(box: Box, number: int) -> None:
    """CVE-2024-21626: WORKDIR /proc/self/fd/N, by itself and behind a link; at the start and at an exec."""
    (box.root / "srv").symlink_to(f"/proc/self/fd/{number}")
    running = box.start(box.spec("sleep", "1000"))
    for cwd in (f"/proc/self/fd/{number}", "/srv"):
        spec = box.spec("pwd", cwd=cwd)
        spec["linux"]["cgroupsPath"] += "-second"
        for attempt in (lambda spec=spec: box.run(spec), lambda cwd=cwd: running.exec("pwd", cwd=cwd)):
            with pytest.raises(LaunchError) as refused:
                attempt()
            assert refused.value.stage == "working directory"


def test_inheritable_capabilities_are_empty(box: Box) -> None:
    """CVE-2022-24769: also when the spec asks for them, in the container and in an exec."""
    spec = box.spec("sleep", "1000")
    spec["process"]["capabilities"] |= {"inheritable": ["CAP_NET_RAW"], "ambient": ["CAP_NET_RAW"]}
    running = box.start(spec)
    for pid in ("1", "self"):
        result = running.exec("grep", "-E", "CapInh|CapAmb", f"/proc/{pid}/status")
        assert result.out.split()[1::2] == ["0" * 16, "0" * 16]


def test_writes_to_proc_go_to_proc_alone(tmp_path: Path) -> None:
    """CVE-2025-52881: a mount covers the file of /proc that is to be written."""
    cover = tmp_path / "cover"
    cover.write_text("")
    pid = os.fork()
    if pid == 0:
        namespace.unshare(namespace.CLONE_NEWNS)
        m.mount("", "/", "", m.MS_REC | m.MS_PRIVATE)
        m.mount(str(cover), "/proc/self/oom_score_adj", "", m.MS_BIND)
        proc = child.open_proc()
        try:
            child.write_proc(proc, "self/oom_score_adj", "0")
        except Refused:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert cover.read_text() == ""


def test_proc_that_is_covered_is_refused(tmp_path: Path) -> None:
    """CVE-2019-16884: a directory in place of the host's /proc."""
    pid = os.fork()
    if pid == 0:
        namespace.unshare(namespace.CLONE_NEWNS)
        m.mount("", "/", "", m.MS_REC | m.MS_PRIVATE)
        m.mount(str(tmp_path), "/proc", "", m.MS_BIND)
        try:
            child.open_proc()
        except Refused:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_program_cannot_reach_the_host_by_the_descriptors_it_has(box: Box) -> None:
    """CVE-2024-21626: the root and every open directory of the program are the container's."""
    result = box.sh("for fd in /proc/self/fd/*; do ls -d $fd/../../etc/shadow 2>/dev/null; done; ls /")
    assert "shadow" not in result.out
    assert "bin" in result.lines
