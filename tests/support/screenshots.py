"""Draw the pictures of README from the real engine: `make screenshots`, as root.

Each is a terminal of its own over one small shop of containers; the keys are those that a person presses.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pydock.core.linux import namespace, netlink

from .faces import Faces, faces
from .shop import API, DB, IMAGES, MIGRATE, WEB, WORKER
from .terminal import Terminal, terminal
from .workstation import LEADER, find, is_up, open_workstation, run

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
TITLE = "pydock-tui"
WIDE = (160, 44)
_THEMES = ("paper", "ember", "mono")


def main() -> int:
    if os.geteuid() != 0:
        print("screenshots: needs root: containers are made", file=sys.stderr)
        return 1
    namespace.unshare(namespace.CLONE_NEWNET)
    netlink.set_link_up("lo")
    SCREENSHOTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pydock-shop-") as directory, faces(Path(directory)) as shared:
        _open_shop(shared)
        for draw in (_workstation, _run, _shell, _small, _stats):
            draw(shared)
        for theme in _THEMES:
            _theme(shared, theme)
    return 0


def _open_shop(shared: Faces) -> None:
    for image in IMAGES:
        archive = shared.directory / "image.tar"
        archive.write_bytes(image.archive())
        shared.run("load", "-i", str(archive))
    shared.run("run", "-d", "--name", "db", "-p", "127.0.0.1:5432:5432", "-m", "256m", DB.name)
    shared.run("run", "-d", "--name", "api", "-p", "8000:8000", API.name)
    shared.run("run", "-d", "--name", "web", "-p", "8080:80", "-p", "8443:443", WEB.name)
    shared.run("run", "-d", "--name", "worker", "--cpus", "0.5", WORKER.name)
    shared.run("run", "-d", "--name", "migrate", MIGRATE.name)


def _draw(screen: Terminal, name: str) -> None:
    screen.picture(SCREENSHOTS / f"{name}.svg", TITLE)


def _open(screen: Terminal, shared: Faces, theme: str = "") -> None:
    more = ["--theme", theme] if theme else []
    open_workstation(screen, shared, *more)
    screen.wait_for(is_up("worker"))


def _leave(screen: Terminal) -> None:
    screen.press("C-q")
    screen.wait_for(r"\[ended 0\]")


def _workstation(shared: Faces) -> None:
    """Containers, the log of one, beside it those of two others."""
    with terminal(WIDE) as screen:
        _open(screen, shared)
        find(screen, "api")
        screen.press("L")
        find(screen, "db")
        screen.press("L")
        find(screen, "web")
        screen.wait_for(r"order priced[^\n]*LOG: ")
        screen.wait_for(r"worker +● up \S+ +\d[\d.]*%")
        _draw(screen, "workstation")
        _leave(screen)


def _run(shared: Faces) -> None:
    with terminal((120, 36)) as screen:
        _open(screen, shared)
        screen.press("2", "/")
        screen.type("web")
        screen.press("Enter")
        run(screen, "web-2", "", "8081:80")
        screen.press("Tab")
        screen.type("EVERY=0.1")
        screen.press("Tab")
        screen.type("shop-data:/srv/data")
        screen.wait_for("shop-data:/srv/data")
        _draw(screen, "run")
        screen.press("Escape", "C-q")
        screen.wait_for(r"\[ended 0\]")


def _shell(shared: Faces) -> None:
    """A shell in `worker` with top in it, beside the log of another."""
    with terminal(WIDE) as screen:
        _open(screen, shared)
        find(screen, "api")
        screen.press("L")
        find(screen, "worker")
        screen.press("e")
        screen.enter("top -d 1")
        screen.wait_for(r"PID +PPID[\s\S]*worker")
        _draw(screen, "shell")
        screen.press(LEADER, "1", "C-q")
        screen.wait_for("open shell")
        screen.press("y")
        screen.wait_for(r"\[ended 0\]")


def _small(shared: Faces) -> None:
    with terminal((80, 24)) as screen:
        _open(screen, shared)
        find(screen, "web")
        _draw(screen, "small")
        _leave(screen)


def _stats(shared: Faces) -> None:
    with terminal((120, 36)) as screen:
        _open(screen, shared)
        find(screen, "worker")
        screen.press("t")
        screen.wait_for(r"\d+ processes|pids|PIDS|processes")
        _draw(screen, "stats")
        _leave(screen)


def _theme(shared: Faces, theme: str) -> None:
    with terminal((120, 36)) as screen:
        _open(screen, shared, theme)
        find(screen, "web")
        screen.wait_for(r"GET /items/\d+")
        screen.wait_for(r"worker +● up \S+ +\d[\d.]*%")
        _draw(screen, f"theme-{theme}")
        _leave(screen)


if __name__ == "__main__":
    sys.exit(main())
