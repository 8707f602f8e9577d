"""A shim that waits for its container goes through what it will do, all but the kernel's part.

After a fork the first touch of each page costs a fault and a copy; a start touches most of a thousand. In a
shim that is forked before it is needed (`spawner.main`) they are touched before, at no cost in memory.
"""

from __future__ import annotations

import json
import marshal

from ...rootfs import Overlay
from .. import capabilities, wire
from ..host import Host
from ..records import Interface, LogFile, Network, StartRequest
from ..seccomp import default
from ..seccomp.numbers import OF_MACHINE
from .container import Container
from .loop import Loop

_OPTIONS = ["nosuid", "noexec", "nodev"]


def rehearse(host: Host) -> None:
    """Receive, unpack and plan a container as most are, and forget it."""
    message = marshal.loads(wire.pack({"request": wire.encode(_request(host))})[wire.HEADER.size :])
    Container(Loop(), wire.decode(message["request"]), host, [], lambda: None)
    json.dumps({"n": 1, "event": "start", "warnings": []}, separators=(",", ":"))


def _request(host: Host) -> StartRequest:
    link = Interface("veth", "bridge", "eth0", "02:42:ac:11:00:02", ("172.17.0.2/16",), "172.17.0.1")
    return StartRequest(
        id="0" * 64,
        spec=_spec(host),
        rootfs=Overlay(("/lower",), "/upper", "/work"),
        network=Network("private", (link,)),
        log=LogFile("json-file", "/log"),
        run_dir="/run",
        engines_dir="/engines",
    )


def _spec(host: Host) -> dict[str, object]:
    granted = [name for name in capabilities.DEFAULT if name in host.capabilities]
    kinds = ("mount", "pid", "network", "ipc", "uts", "cgroup")
    linux: dict[str, object] = {
        "cgroupsPath": "/pydock/rehearsal",
        "namespaces": [{"type": kind} for kind in kinds],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "maskedPaths": ["/proc/kcore"],
        "readonlyPaths": ["/proc/sys"],
    }
    if host.seccomp and host.arch in OF_MACHINE:
        linux["seccomp"] = default(capabilities.DEFAULT, host.arch, host.kernel)
    return {
        "process": {
            "args": ["sh"],
            "env": ["PATH=/bin"],
            "cwd": "/",
            "user": {"uid": 0, "gid": 0},
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), granted),
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 1024}],
        },
        "root": {"path": "rootfs"},
        "hostname": "rehearsal",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": _OPTIONS},
            {"destination": "/etc/hosts", "type": "bind", "source": "/etc/hosts", "options": ["rbind"]},
        ],
        "linux": linux,
    }
