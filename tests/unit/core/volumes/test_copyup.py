from __future__ import annotations

import os
import stat
from pathlib import Path

from pydock.core.volumes import copyup


def _copy(source: Path, target: Path) -> int:
    descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return int(copyup.run({"path": str(source)}, [descriptor], None)["copied"])
    finally:
        os.close(descriptor)


def test_a_tree_is_copied_as_it_is(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub/deep").mkdir(parents=True)
    target.mkdir()
    (source / "file").write_bytes(b"x" * 3_000_000)
    (source / "sub/empty").write_bytes(b"")
    os.chmod(source / "file", 0o640)
    os.chmod(source / "sub", 0o711)
    os.link(source / "file", source / "sub/deep/same")
    os.symlink("/etc/passwd", source / "link")
    os.mkfifo(source / "fifo", 0o600)
    os.utime(source / "file", ns=(1_000_000_001, 2_000_000_002))
    os.chmod(source, 0o750)
    assert _copy(source, target) == 4
    assert (target / "file").read_bytes() == b"x" * 3_000_000
    assert stat.S_IMODE((target / "file").stat().st_mode) == 0o640
    assert (target / "file").stat().st_mtime_ns == 2_000_000_002
    assert (target / "file").stat().st_ino == (target / "sub/deep/same").stat().st_ino
    assert os.readlink(target / "link") == "/etc/passwd"
    assert stat.S_ISFIFO((target / "fifo").stat().st_mode)
    assert stat.S_IMODE((target / "sub").stat().st_mode) == 0o711
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


def test_nothing_at_the_place_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    assert _copy(tmp_path / "absent", tmp_path / "target") == 0
    (tmp_path / "file").write_text("x")
    assert _copy(tmp_path / "file", tmp_path / "target") == 0
