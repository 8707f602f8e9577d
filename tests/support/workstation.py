"""The workstation driven by real keys: what the story, the pictures and other tests do with it."""

from __future__ import annotations

import re
from pathlib import Path

from .faces import BIN, Faces
from .terminal import Terminal

LEADER = "C-]"


def open_workstation(screen: Terminal, shared: Faces, *arguments: str) -> None:
    """Start it and wait for its lists."""
    screen.start([str(BIN / "pydock-tui"), *arguments], shared.environment)
    screen.wait_for(r"\d images")


def load(screen: Terminal, archive: Path, name: str) -> None:
    """Load an archive by the dialog, all keys in one burst."""
    screen.press("2", "L")
    screen.type(str(archive))
    screen.press("Enter")
    screen.wait_for(rf"\d Images [1-9][\s\S]*{re.escape(name)}")


def run(screen: Terminal, name: str, command: str = "", ports: str = "") -> None:
    """Fill in the run form of the selected image, all keys in one burst; it is not sent yet."""
    screen.press("2", "R", "Tab")
    screen.type(name)
    screen.press("Tab")
    screen.type(command)
    screen.press("Tab")
    screen.type(ports)


def is_up(name: str) -> str:
    """What a running container's row looks like."""
    return rf"[│▸ ]{name} +● up "


def is_down(name: str) -> str:
    return rf"[│▸ ]{name} +\S+ exit"


def find(screen: Terminal, name: str) -> None:
    """Go to a container by the palette."""
    screen.press("C-p")
    screen.type(name)
    screen.press("Enter")
    screen.wait_for(rf"▸{name} ")
