"""Paths walked inside a root: links and ".." stay in, missing parts are made in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.core.runtime.inside import is_device, is_directory, make_directory, make_file, open_inside


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "root/dir").mkdir(parents=True)
    (tmp_path / "root/file").write_text("inside")
    (tmp_path / "file").write_text("outside")
    (tmp_path / "root/up").symlink_to("../../../../../..")
    (tmp_path / "root/abs").symlink_to("/file")
    (tmp_path / "root/dangling").symlink_to("/new/place")
    (tmp_path / "root/loop").symlink_to("loop")
    fd = os.open(tmp_path / "root", os.O_PATH | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def where(fd: int) -> str:
    path = os.readlink(f"/proc/self/fd/{fd}")
    os.close(fd)
    return path


@pytest.mark.parametrize("path", ["/file", "/up/file", "/abs", "/../../file", "/dir/../../../file"])
def test_everything_ends_inside(root: int, path: str, tmp_path: Path) -> None:
    assert where(open_inside(root, path)) == f"{tmp_path}/root/file"


def test_links_can_be_forbidden(root: int) -> None:
    with pytest.raises(OSError, match="symbolic links"):
        open_inside(root, "/abs", links=False)


def test_magic_links_are_refused(tmp_path: Path) -> None:
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    try:
        with pytest.raises(OSError, match="symbolic links"):
            open_inside(root, "/proc/self/root")
    finally:
        os.close(root)


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("/a/b/c", "a/b/c"),
        ("/dir", "dir"),
        ("/dangling", "new/place"),
        ("/dangling/deeper/still", "new/place/deeper/still"),
        ("/up/x", "x"),
    ],
)
def test_directories_are_made_inside(root: int, path: str, made: str, tmp_path: Path) -> None:
    fd = make_directory(root, path)
    assert is_directory(fd)
    assert where(fd) == f"{tmp_path}/root/{made}"


@pytest.mark.parametrize("path", ["/loop", "/loop/x", "/file/x"])
def test_what_cannot_be_a_directory_is_an_error(root: int, path: str) -> None:
    with pytest.raises(OSError):
        make_directory(root, path)


def test_files_are_made_inside_and_kept_when_there(root: int, tmp_path: Path) -> None:
    assert where(make_file(root, "/etc/deep/name")) == f"{tmp_path}/root/etc/deep/name"
    os.close(make_file(root, "/file"))
    assert (tmp_path / "root/file").read_text() == "inside"
    assert not (tmp_path / "etc").exists()


def test_null_device_is_known_by_its_number() -> None:
    for path, expected in (("/dev/null", True), ("/dev/zero", False), ("/etc/passwd", False)):
        fd = os.open(path, os.O_PATH)
        assert is_device(fd, 1, 3) is expected
        os.close(fd)
