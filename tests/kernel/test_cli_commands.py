"""The command line on a real engine: what a command reads, mends and imports; terminals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pexpect
import pytest

from kernel.engines import Box, opened
from pydock.core.runtime.held import held

_PYDOCK = str(Path(sys.executable).parent / "pydock")
_HEAVY = "pydock.core.networks.networks pydock.core.runtime.launch pydock.core.images.load httpx"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with opened(tmp_path / "state") as box:
        yield box


def _environment(box: Box) -> dict[str, str]:
    paths = box.engine.paths
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
    return {**kept, "PYDOCK_ROOT": str(paths.root), "PYDOCK_RUN": str(paths.run), "TERM": "dumb"}


def _pydock(box: Box, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _call(box, _PYDOCK, *arguments)


def _call(box: Box, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, env=_environment(box), capture_output=True, text=True, check=False)


async def test_a_list_imports_nothing_that_starts_containers(box: Box) -> None:
    await box.create("true", name="here")
    script = (
        "import sys; from pydock.core.cli.main import run; run(['ps', '-aq', '--no-trunc']); "
        f"print([one for one in '{_HEAVY}'.split() if one in sys.modules])"
    )
    done = _call(box, sys.executable, "-c", script)
    assert done.stdout.splitlines()[1:] == ["[]"]
    assert done.stderr == ""


async def test_check_looks_and_mends_only_when_asked(box: Box) -> None:
    orphan = box.engine.paths.containers / ("a" * 64)
    orphan.mkdir()
    looked = _pydock(box, "system", "check")
    assert (looked.returncode, looked.stdout) == (1, "found: container aaaaaaaaaaaa has left files behind\n")
    assert orphan.exists()
    mended = _pydock(box, "system", "check", "--repair")
    assert (mended.returncode, mended.stdout) == (
        0,
        "mended: removed what was left of container aaaaaaaaaaaa\n",
    )
    assert not orphan.exists()
    assert _pydock(box, "system", "check").stdout == "all is as it should be\n"


async def test_a_list_tells_that_a_shim_has_died(tmp_path: Path) -> None:
    async with opened(tmp_path / "state") as box:
        identity = await box.running("sleep", "600", name="lost")
        first = (await box.containers.inspect(identity)).state.pid
        shim = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
        with os.fdopen(os.pidfd_open(shim)) as there:
            os.kill(shim, signal.SIGKILL)
            pexpect.utils.poll_ignore_interrupts([there.fileno()], 10)
        assert not held(str(box.engine.paths.container_run(identity)))
        listed = _pydock(box, "ps", "-a", "--format", "{{.Names}} {{.State}}")
        assert (listed.stdout, listed.stderr) == ("lost exited\n", "")


async def test_a_failed_run_leaves_no_container_and_returns(box: Box) -> None:
    done = _pydock(box, "run", "--rm", "--network", "none", "--name", "gone", "busybox", "nosuchprogram")
    assert done.returncode == 127
    assert "executable file not found" in done.stderr
    assert _pydock(box, "ps", "-aq").stdout == ""


async def test_a_shell_gets_every_key_and_its_exit_code_comes_back(box: Box) -> None:
    await box.running("sleep", "600", name="shell")
    script = (
        "until stty size 2>/dev/null; do :; done; stty raw -echo; echo ready; "
        "dd bs=1 count=1 2>/dev/null | od -to1; exit 7"
    )
    arguments = ["exec", "-it", "shell", "sh", "-c", script]
    with pexpect.spawn(
        _PYDOCK, arguments, env=_environment(box), timeout=20, dimensions=(33, 99)
    ) as terminal:
        terminal.expect("33 99")
        terminal.expect("ready")
        # ctrl-p is a key of the program's, not the beginning of a detach.
        terminal.send("\x10")
        terminal.expect("020")
        terminal.expect(pexpect.EOF)
    assert terminal.exitstatus == 7


async def test_detaching_leaves_the_container_running(box: Box) -> None:
    identity = await box.create("sh", name="there", tty=True, open_stdin=True)
    await box.containers.start(identity)
    with pexpect.spawn(_PYDOCK, ["attach", "there"], env=_environment(box), timeout=20) as terminal:
        terminal.sendline("echo $((40 + 2))")
        terminal.expect("42")
        terminal.send("\x10\x11")
        terminal.expect("read escape sequence")
        terminal.expect(pexpect.EOF)
    # As docker's.
    assert terminal.exitstatus == 1
    assert (await box.containers.inspect(identity)).state.running
