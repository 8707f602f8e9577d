"""The story of the first slice, with real keys on the real engine.

A person opens the workstation on a server, loads an image, starts containers from it, watches one log beside
another's, works in a shell inside the same screen, stops one and removes it; quits, comes back, and finds the
other still running. Keys are sent in bursts, as fast as the terminal takes them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.faces import Faces, faces
from support.shop import WEB
from support.terminal import Terminal, terminal
from support.workstation import find, is_down, is_up, load, open_workstation, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: containers are made")

_QUERIES = "sh -c 'i=0; while :; do i=$((i+1)); echo query $i; sleep 0.2; done'"


def _logs_side_by_side(screen: Terminal) -> None:
    find(screen, "web")
    screen.press("L")
    find(screen, "db")
    screen.press("L")
    both = screen.wait_for(r"GET /items/\d+[^\n]*query \d+")
    assert re.search(r"─ web ─[^\n]*─ db ─", both)


def _shell(screen: Terminal) -> None:
    """Tab completes, colours and sizes are right, editor, pager and top draw in their own screen."""
    find(screen, "web")
    screen.press("e")
    screen.enter("stty size")
    before = _size(screen)
    screen.type("ls /etc/pas")
    screen.press("Tab", "Enter")
    screen.wait_for("/etc/passwd")
    screen.enter("vi /tmp/note")
    screen.wait_for(r"- /tmp/note")
    screen.type("iwritten inside")
    screen.press("Escape")
    # An escape and a colon in one read are alt-: for busybox, also in a plain terminal.
    screen.wait_for(r"- /tmp/note \[Modified\]")
    screen.enter(":wq")
    screen.wait_for(r"/ # +│")
    screen.enter("clear; cat /tmp/note; printf '\\033[32mgr''een\\033[0m\\n'")
    screen.wait_for(r"written inside\s")
    screen.wait_for(r"green")
    assert re.search(r"\x1b\[[\d;]*m *green", screen.coloured())
    screen.enter("seq 500 | less")
    screen.wait_for(r"│ ?1 [\s\S]*│ ?2 ")
    screen.type("G")
    screen.wait_for(r"│ ?500 ")
    screen.type("q")
    screen.enter("top -d 1")
    screen.wait_for(r"PID +PPID")
    screen.type("q")
    screen.wait_for(r"/ # +│")
    screen.enter("clear")
    screen.wait_gone(r"PID +PPID")
    screen.resize(130, 40)
    screen.wait_for(r"^.{129}\S *$|.{128}─╮")
    screen.enter("stty size")
    assert _size(screen) != before
    screen.resize(160, 45)
    screen.enter("exit 0")
    screen.wait_for(r"f follow")


def _size(screen: Terminal) -> str:
    found = re.search(r"│ ?(\d+ \d\d+) +│", screen.wait_for(r"│ ?\d+ \d\d+ +│"))
    assert found
    return found[1]


def _stop_and_remove(screen: Terminal, shared: Faces) -> None:
    find(screen, "db")
    screen.press("s")
    screen.wait_for(is_down("db"))
    screen.press("d")
    screen.wait_for("Remove db|remove db")
    assert shared.output("ps", "-aq", "--filter", "name=db")
    screen.press("Enter")
    screen.wait_gone(is_down("db"))


def test_the_story(tmp_path: Path) -> None:
    archive = tmp_path / "web.tar"
    archive.write_bytes(WEB.archive())
    with faces(tmp_path) as shared:
        with terminal((160, 45)) as screen:
            open_workstation(screen, shared)
            load(screen, archive, WEB.name)
            run(screen, "web")
            screen.press("Enter")
            screen.wait_for(is_up("web"))
            run(screen, "db", _QUERIES)
            screen.press("Enter")
            screen.wait_for(is_up("db"))
            _logs_side_by_side(screen)
            _shell(screen)
            _stop_and_remove(screen, shared)
            screen.press("C-q")
            screen.wait_for(r"\[ended 0\]")
        assert shared.output("ps", "--format", "{{.Names}} {{.State}}") == "web running"
        assert shared.output("exec", "web", "cat", "/tmp/note") == "written inside"
        with terminal((80, 24)) as screen:
            open_workstation(screen, shared)
            screen.wait_for(is_up("web"))
            screen.press("l")
            screen.wait_for(r"GET /items/\d+")
            screen.press("C-q")
            screen.wait_for(r"\[ended 0\]")
