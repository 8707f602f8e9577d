"""A daemon for one judge: its own state root, on tmpfs where there is one, and the images that it needs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydock.core.linux import namespace, netlink
from support.pydockd import pydockd

from . import images


@dataclass(frozen=True)
class Daemon:
    """`environment` is for clients; `place` is a directory for whatever a judge writes."""

    place: Path
    environment: Mapping[str, str]

    @property
    def host(self) -> str:
        return self.environment["DOCKER_HOST"]


def own_network() -> None:
    """Leave the machine's network to others: all that follows happens in a namespace of its own."""
    namespace.unshare(namespace.CLONE_NEWNET)
    netlink.set_link_up("lo")


@contextlib.contextmanager
def running(docker: Path) -> Iterator[Daemon]:
    """Run a daemon with the image busybox; its containers, images and files are gone afterwards."""
    memory = Path("/dev/shm")
    above = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pydock-judged-", dir=above) as text:
        place = Path(text)
        with pydockd(place) as made:
            daemon = Daemon(place, {**os.environ, "DOCKER_HOST": made.host})
            load(docker, daemon, images.busybox())
            yield daemon
            _clean(docker, daemon)


def load(docker: Path, daemon: Daemon, archive: bytes) -> None:
    """Load an image."""
    subprocess.run(
        [docker, "load", "-q"], input=archive, check=True, env=daemon.environment, stdout=subprocess.DEVNULL
    )


def _clean(docker: Path, daemon: Daemon) -> None:
    def call(*words: str) -> str:
        made = subprocess.run(
            [docker, *words], env=daemon.environment, capture_output=True, text=True, check=False
        )
        return made.stdout

    for identity in call("ps", "-aq").split():
        call("rm", "-fv", identity)
    call("system", "prune", "-af", "--volumes")
