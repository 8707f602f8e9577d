"""What pydock could leave in the kernel: a picture before the tests is compared with one after."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from pathlib import Path

_OURS = re.compile(r"pydock|pdk")


def _mounts() -> set[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {f"mount {line.split()[4]}" for line in lines}


def _links() -> set[str]:
    return {f"link {name}" for _, name in socket.if_nameindex()}


def _cgroups() -> set[str]:
    root = Path("/sys/fs/cgroup")
    found = [*root.glob("*pydock*/*"), *root.glob("*/*pydock*/*")]
    return {f"cgroup {path.parent.name}/{path.name}" for path in found if path.is_dir()}


def _processes() -> set[str]:
    """Shims and spawners, told by the names that they give themselves, with their process ids."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name = (entry / "comm").read_text().strip()
            except OSError:
                continue
            if name.startswith("pydock-"):
                found.add(f"process {entry.name} {name}")
    return found


def _namespaces() -> set[str]:
    """Network namespaces that some process or descriptor still holds, as far as /proc shows them."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.add(f"network namespace {os.readlink(entry / 'ns/net')}")
            except OSError:
                continue
    return found


def _tables() -> set[str]:
    nft = "/usr/sbin/nft"
    if not os.access(nft, os.X_OK):
        return set()
    listing = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=False).stdout
    return {f"nft {line}" for line in listing.splitlines() if _OURS.search(line)}


def picture() -> frozenset[str]:
    """All that a test must not add to: mounts, links, cgroups, processes, namespaces, tables."""
    parts = (_mounts(), _links(), _cgroups(), _processes(), _namespaces(), _tables())
    return frozenset().union(*parts)
