"""Copying a tree by descriptors."""

from __future__ import annotations

import os
from pathlib import Path

from pydock.core.runtime.copyup import copy_tree


def test_directories_files_and_links_are_copied_with_their_modes(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "dir/inner").mkdir(parents=True)
    (source / "dir/inner/file").write_bytes(b"x" * 3_000_000)
    (source / "dir/inner/file").chmod(0o640)
    (source / "dir").chmod(0o711)
    (source / "link").symlink_to("/etc/passwd")
    os.mkfifo(source / "pipe")
    source.chmod(0o1777)
    target.mkdir()
    fds = [os.open(path, os.O_PATH | os.O_DIRECTORY) for path in (source, target)]
    copy_tree(*fds)
    for fd in fds:
        os.close(fd)
    assert (target / "dir/inner/file").read_bytes() == b"x" * 3_000_000
    assert (target / "dir/inner/file").stat().st_mode & 0o7777 == 0o640
    assert (target / "dir").stat().st_mode & 0o7777 == 0o711
    assert target.stat().st_mode & 0o7777 == 0o1777
    assert os.readlink(target / "link") == "/etc/passwd"
    assert sorted(os.listdir(target)) == ["dir", "link"]
