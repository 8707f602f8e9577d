"""Containers for tests of the runtime alone: a busybox root in a directory, a spec as Docker's, no engine."""

from __future__ import annotations

import os
import select
import signal
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydock.core.linux import pidfd, prctl
from pydock.core.rootfs import Directory, Overlay, Rootfs
from pydock.core.runtime import cgroups, host, launch, plan, seccomp
from pydock.core.runtime.capabilities import DEFAULT
from pydock.core.runtime.join import Target, join
from support.images import BUSYBOX, applets

HOST = host.probe()
PATH = "PATH=/bin"
MASKED = ["/proc/acpi", "/proc/interrupts", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/none"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
NAMESPACES = ("mount", "pid", "uts", "ipc", "network", "cgroup")
WAIT = 20.0


def mount(destination: str, kind: str, *options: str, source: str = "") -> dict[str, Any]:
    """One of the spec's mounts."""
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


MOUNTS = [
    mount("/proc", "proc", "nosuid", "noexec", "nodev"),
    mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
    mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    mount("/sys/fs/cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev"),
    mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
    mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=67108864", source="shm"),
]


@dataclass(frozen=True)
class Result:
    """What a finished process left."""

    code: int
    out: str
    err: str
    warnings: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Running:
    """A running container."""

    spec: dict[str, Any]
    plan: plan.Plan
    launched: launch.Launched
    out: int
    err: int

    def exec(self, *args: str, **process: Any) -> Result:
        """Run a further process in it and wait."""
        entry = plan.exec_plan(self.spec, {"args": list(args), **process}, HOST)
        target = Target(self.launched.pid, self.launched.pidfd)
        out, out_inside = os.pipe2(os.O_CLOEXEC)
        err, err_inside = os.pipe2(os.O_CLOEXEC)
        try:
            try:
                launched = join(entry, target, launch.Stdio(-1, out_inside, err_inside))
            finally:
                os.close(out_inside)
                os.close(err_inside)
            result = _finish(launched, out, err)
            os.close(launched.pidfd)
            return result
        finally:
            os.close(out)
            os.close(err)

    def read_until(self, text: str) -> str:
        """Read the output until `text` came."""
        data = b""
        while text.encode() not in data:
            assert select.select([self.out], [], [], WAIT)[0], f"no {text!r} in {data!r}"
            chunk = os.read(self.out, 65536)
            assert chunk, f"no {text!r} in {data!r}"
            data += chunk
        return data.decode()

    def finish(self) -> Result:
        """Wait for its end."""
        return _finish(self.launched, self.out, self.err)


def _finish(launched: launch.Launched, out: int, err: int) -> Result:
    texts = {out: b"", err: b""}
    waiting = {out, err}
    while waiting:
        ready, _, _ = select.select(list(waiting), [], [], WAIT)
        assert ready, f"no end; so far {texts}"
        for fd in ready:
            chunk = os.read(fd, 65536)
            texts[fd] += chunk
            if not chunk:
                waiting.remove(fd)
    assert select.select([launched.pidfd], [], [], WAIT)[0], "no end"
    code = pidfd.wait(launched.pidfd)
    assert code is not None
    return Result(code, texts[out].decode(), texts[err].decode(), launched.warnings)


class Box:
    """Makes containers below one directory; `close` ends what still runs and removes their cgroups."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = directory / "root"
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        self._running: list[Running] = []
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "root", "run", "home"):
            (self.root / name).mkdir(parents=True)
        (self.root / "bin/busybox").write_bytes(BUSYBOX.read_bytes())
        (self.root / "bin/busybox").chmod(0o755)
        (self.root / "tmp").chmod(0o1777)
        for applet in applets():
            if applet != "busybox":
                (self.root / "bin" / applet).symlink_to("busybox")

    def spec(self, *args: str, mounts: list[dict[str, Any]] | None = None, **process: Any) -> dict[str, Any]:
        """Give a spec like that of `docker run`, to be changed as the test likes."""
        capabilities = {kind: list(DEFAULT) for kind in ("bounding", "effective", "permitted")}
        return {
            "ociVersion": "1.2.0",
            "hostname": "box",
            "process": {
                "args": list(args),
                "env": [PATH, "HOME=/root"],
                "cwd": "/",
                "user": {"uid": 0, "gid": 0},
                "capabilities": capabilities,
                **process,
            },
            "root": {"path": "rootfs"},
            "mounts": [*MOUNTS, *(mounts or ())],
            "linux": {
                "cgroupsPath": f"/pydock/{self.name}",
                "namespaces": [{"type": kind} for kind in NAMESPACES],
                "resources": {},
                "seccomp": seccomp.default(DEFAULT, HOST.arch, HOST.kernel),
                "maskedPaths": list(MASKED),
                "readonlyPaths": list(READONLY),
            },
        }

    def overlay(self) -> Overlay:
        """Give a fresh overlay over the root."""
        place = self.directory / uuid.uuid4().hex[:8]
        for name in ("upper", "work"):
            (place / name).mkdir(parents=True)
        return Overlay((str(self.root),), str(place / "upper"), str(place / "work"))

    def copy(self) -> Directory:
        """Give the root itself, as a plain directory."""
        return Directory(str(self.root))

    def start(
        self,
        spec: dict[str, Any],
        rootfs: Rootfs | None = None,
        hooks: launch.LaunchHooks | None = None,
        stdin: int = -1,
    ) -> Running:
        """Launch; the output goes to pipes, or to the terminal's master."""
        planned = plan.plan(spec, rootfs or self.overlay(), HOST)
        out, out_inside = os.pipe2(os.O_CLOEXEC)
        err, err_inside = os.pipe2(os.O_CLOEXEC)
        try:
            launched = launch.launch(
                planned, launch.Stdio(stdin, out_inside, err_inside), hooks or launch.LaunchHooks()
            )
        except BaseException:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_inside)
            os.close(err_inside)
        running = Running(spec, planned, launched, out, err)
        self._running.append(running)
        return running

    def run(self, spec: dict[str, Any], rootfs: Rootfs | None = None) -> Result:
        """Launch and wait."""
        return self.start(spec, rootfs).finish()

    def sh(self, script: str, **process: Any) -> Result:
        """Run a shell script in a container with Docker's defaults."""
        return self.run(self.spec("sh", "-c", script, **process))

    def close(self) -> None:
        for running in self._running:
            self._end(running)
        prctl.set_dumpable(True)

    def _end(self, running: Running) -> None:
        launched = running.launched
        cgroups.kill(running.plan.cgroup)
        try:
            pidfd.send_signal(launched.pidfd, signal.SIGKILL)
            pidfd.wait(launched.pidfd)
        except (ProcessLookupError, ChildProcessError):
            pass
        cgroups.remove(running.plan.cgroup)
        for fd in (launched.pidfd, launched.mntns_fd, launched.console, running.out, running.err):
            if fd >= 0:
                os.close(fd)
