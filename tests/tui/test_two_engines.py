"""Two engines at once: the workstation is open while the command line starts containers beside it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.faces import faces
from support.images import busybox_archive
from support.terminal import terminal
from support.workstation import open_workstation

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: containers are made")

COUNT = 20


def test_workstation_and_command_line_agree(tmp_path: Path) -> None:
    archive = tmp_path / "busybox.tar"
    archive.write_bytes(busybox_archive())
    with faces(tmp_path) as shared, terminal((160, 45)) as screen:
        shared.run("load", "-i", str(archive))
        open_workstation(screen, shared)
        started = [
            shared.start("run", "-d", "--name", f"c{n:02}", "busybox", "sleep", "600") for n in range(COUNT)
        ]
        for process in started:
            _, error = process.communicate(timeout=60)
            assert process.returncode == 0, error.decode()
        screen.wait_for(rf"{COUNT} running")
        screen.press("1", "g")
        # Space marks and goes on to the next.
        screen.press(*["Space"] * (COUNT // 2))
        screen.wait_for(rf"{COUNT // 2} marked")
        screen.press("d", "j", "j", "Enter")
        screen.wait_for(rf"{COUNT // 2} running", seconds=60)
        expected = [f"c{n:02}" for n in range(COUNT // 2, COUNT)]
        names = sorted(shared.output("ps", "-a", "--format", "{{.Names}}").split())
        assert names == expected
        shown = screen.wait_for(rf"Containers {COUNT // 2}")
        assert sorted(set(re.findall(r"\bc\d\d\b", shown)))[:3] == expected[:3]
        screen.press("C-q")
        screen.wait_for(r"\[ended 0\]")
