"""Layers into trees, on the real kernel: the same as GNU tar makes, and whiteouts as overlayfs reads them."""

from __future__ import annotations

import gzip
import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from support.untar import picture, unpack

Entries = list[tuple[str, dict[str, Any]]]


def make_tar(entries: Entries, format_: int = tarfile.PAX_FORMAT) -> bytes:
    """Write entries of name and TarInfo's fields ("data" is the content)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=format_, encoding="utf-8") as archive:
        for name, fields in entries:
            fields = dict(fields)
            data = fields.pop("data", b"")
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), 1_700_000_000, 0o644
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def unpack_entries(entries: Entries | bytes, whiteouts: str = "overlay", **limits: int) -> dict[str, Any]:
        archive = tmp_path / "layer.tar"
        archive.write_bytes(entries if isinstance(entries, bytes) else make_tar(entries))
        return unpack(archive, tmp_path / "root", whiteouts, **limits)

    return unpack_entries


def torture(tree: Path) -> None:
    """A tree with one of everything."""
    tree.mkdir()
    (tree / "empty").touch()
    (tree / "file").write_bytes(os.urandom(3_000_001))
    os.link(tree / "file", tree / "hard")
    os.symlink("../nowhere/at all", tree / "link")
    os.symlink("x" * 300, tree / "long link")
    (tree / ("n" * 200)).write_text("long name")
    deep = tree.joinpath(*["d" * 60] * 6)
    deep.mkdir(parents=True)
    (deep / "leaf").write_text("deep")
    Path(os.fsdecode(os.fsencode(tree) + b"/not\xff\xfeutf8")).write_text("bytes")
    (tree / "new\nline").write_text("odd")
    os.mkfifo(tree / "fifo")
    os.mknod(tree / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(tree / "disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
    (tree / "setuid").write_text("s")
    os.chown(tree / "setuid", 1000, 1001)
    os.chmod(tree / "setuid", 0o6755)
    (tree / "big owner").write_text("o")
    os.chown(tree / "big owner", 3_000_000_000, 2_200_000)
    (tree / "capable").write_text("c")
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(tree / "capable", "security.capability", capability)
    os.setxattr(tree / "capable", "user.note", b"with\0zero and = sign\n")
    sticky = tree / "sticky"
    sticky.mkdir()
    os.chmod(sticky, 0o1777)
    setgid = tree / "setgid"
    setgid.mkdir()
    os.chown(setgid, 5, 6)
    os.chmod(setgid, 0o2750)
    (setgid / "inner").write_text("i")
    (setgid / "dir").mkdir()
    with open(tree / "sparse", "wb") as file:
        file.seek(5 << 20)
        file.write(b"middle")
        file.truncate(20 << 20)
    with open(tree / "many holes", "wb") as file:
        for number in range(60):
            file.seek(number * 65536)
            file.write(b"x" * 4096)
        file.truncate(70 * 65536)
    with open(tree / "only a hole", "wb") as file:
        file.truncate(1 << 20)
    os.utime(tree / "empty", ns=(1, 1_234_567_890_123_456_789))
    os.utime(tree / "link", ns=(1, 1_111_111_111_000_000_001), follow_symlinks=False)
    os.utime(sticky, ns=(1, 987_654_321_000_000_000))


FORMATS = {
    "pax": ["--format=posix"],
    "pax sparse 0.0": ["--format=posix", "--sparse", "--sparse-version=0.0"],
    "pax sparse 0.1": ["--format=posix", "--sparse", "--sparse-version=0.1"],
    "pax sparse 1.0": ["--format=posix", "--sparse", "--sparse-version=1.0"],
    "gnu": ["--format=gnu"],
    "gnu sparse": ["--format=gnu", "--sparse"],
}


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("packed", ["plain", "gzip", "zstd"])
def test_tree_is_what_gnu_tar_makes(tmp_path: Path, options: list[str], packed: str) -> None:
    torture(tmp_path / "tree")
    exact = [*options, "--xattrs", "--xattrs-include=*"] if "posix" in options[0] else options
    made = subprocess.run(
        ["tar", *exact, "-C", tmp_path / "tree", "-cf", "-", "."], check=True, capture_output=True
    ).stdout
    expected = tmp_path / "expected"
    expected.mkdir()
    subprocess.run(
        ["tar", "--xattrs", "--xattrs-include=*", "--same-owner", "-C", expected, "-xpf", "-"],
        check=True,
        input=made,
    )
    archive = tmp_path / "archive"
    pack = {"plain": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}[packed]
    archive.write_bytes(pack(made))
    answer = unpack(archive, tmp_path / "root")
    assert "error" not in answer, answer
    assert len(picture(expected)) > 25
    assert picture(tmp_path / "root") == picture(expected)


def test_sparse_file_takes_no_room(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    with open(tmp_path / "tree/sparse", "wb") as file:
        file.seek(100 << 20)
        file.write(b"x")
    archive = tmp_path / "archive"
    subprocess.run(["tar", "-S", "--format=posix", "-C", tmp_path / "tree", "-cf", archive, "."], check=True)
    unpack(archive, tmp_path / "root")
    assert (tmp_path / "root/sparse").stat().st_blocks * 512 < 1 << 20


DIRECTORY = {"type": tarfile.DIRTYPE, "mode": 0o755}


def is_whiteout(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(path: Path) -> bool:
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def test_whiteout_becomes_overlay_s(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run([("etc", DIRECTORY), ("etc/.wh.passwd", {}), (".wh.gone", {})])
    assert is_whiteout(tmp_path / "root/etc/passwd")
    assert is_whiteout(tmp_path / "root/gone")
    assert {p.name for p in (tmp_path / "root").rglob("*")} == {"etc", "passwd", "gone"}


def test_whiteout_makes_its_directory(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run([("a/b/.wh.c", {})])
    assert is_whiteout(tmp_path / "root/a/b/c")


def test_opaque_directory(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run([("a", DIRECTORY), ("a/kept", {}), ("a/.wh..wh..opq", {}), ("b/.wh..wh..opq", {})])
    assert is_opaque(tmp_path / "root/a")
    assert is_opaque(tmp_path / "root/b")
    assert os.listdir(tmp_path / "root/a") == ["kept"]


def test_aufs_metadata_is_left_out(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run([(".wh..wh.plnk", DIRECTORY), (".wh..wh.aufs", {}), (".wh..wh.orph", DIRECTORY)])
    assert list((tmp_path / "root").iterdir()) == []


@pytest.mark.parametrize("order", [1, -1])
def test_whiteout_spares_the_same_layer(
    run: Callable[..., dict[str, Any]], tmp_path: Path, order: int
) -> None:
    """Whiteouts speak of the layers below: what replaces a removed thing stays, and hides what was there."""
    run([("file", {"data": b"new"}), (".wh.file", {})][::order])
    assert (tmp_path / "root/file").read_bytes() == b"new"
    run([("dir", DIRECTORY), (".wh.dir", {})][::order])
    assert is_opaque(tmp_path / "root/dir")


def test_file_below_a_whited_out_directory(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run([(".wh.dir", {}), ("dir/file", {"data": b"new"})])
    assert is_opaque(tmp_path / "root/dir")
    assert (tmp_path / "root/dir/file").read_bytes() == b"new"


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh..", "a/.wh..."])
def test_malformed_whiteout_is_refused(run: Callable[..., dict[str, Any]], name: str) -> None:
    assert run([(name, {})])["message"].startswith("malformed whiteout")
    assert run([(name, {})], "remove")["message"].startswith("malformed whiteout")


def below(root: Path) -> None:
    """What layers below have left, for layers that are copies."""
    (root / "dir/sub").mkdir(parents=True)
    (root / "dir/old").write_text("old")
    (root / "dir/sub/old").write_text("old")
    (root / "file").write_text("old")


def test_copy_loses_what_is_whited_out(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    below(tmp_path / "root")
    run([(".wh.file", {}), ("dir/.wh.sub", {}), (".wh.never", {})], "remove")
    assert {str(p.relative_to(tmp_path / "root")) for p in (tmp_path / "root").rglob("*")} == {
        "dir",
        "dir/old",
    }


def test_copy_s_opaque_directory_keeps_the_layer_s_own(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    below(tmp_path / "root")
    run([("dir/sub/new", {}), ("dir/new", {}), ("dir/.wh..wh..opq", {})], "remove")
    assert {str(p.relative_to(tmp_path / "root/dir")) for p in (tmp_path / "root/dir").rglob("*")} == {
        "new",
        "sub",
        "sub/new",
    }


def test_later_entry_replaces_an_earlier_one(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    run(
        [
            ("a", {"data": b"first"}),
            ("a", {"data": b"second"}),
            ("b", {"data": b"file"}),
            ("b", DIRECTORY),
            ("c/inner", {}),
            ("c", {"type": tarfile.SYMTYPE, "linkname": "a"}),
        ]
    )
    root = tmp_path / "root"
    assert (root / "a").read_bytes() == b"second"
    assert (root / "b").is_dir()
    assert os.readlink(root / "c") == "a"


def test_overlay_s_own_attributes_are_not_taken(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    headers = {"SCHILY.xattr.trusted.overlay.redirect": "/etc", "SCHILY.xattr.user.note": "x"}
    run([("a", {**DIRECTORY, "pax_headers": headers})])
    assert os.listxattr(tmp_path / "root/a") == ["user.note"]


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        ({"layer_bytes": 20_000}, "layer_bytes"),
        ({"layer_entries": 3}, "layer_entries"),
        ({"path_depth": 4}, "path_depth"),
    ],
)
def test_limits_are_named(run: Callable[..., dict[str, Any]], limits: dict[str, int], word: str) -> None:
    entries: Entries = [("a/b/c/d/e", {"data": bytes(30_000)}), ("x", {}), ("y", {}), ("z", {})]
    answer = run(entries, **limits)
    assert answer["error"] == "Invalid"
    assert word in answer["message"]


def test_decompression_bomb_is_cut_off(tmp_path: Path) -> None:
    archive = tmp_path / "bomb"
    archive.write_bytes(gzip.compress(make_tar([("zeros", {"data": bytes(64 << 20)})])))
    answer = unpack(archive, tmp_path / "root", layer_bytes=8 << 20)
    assert "limit layer_bytes" in answer["message"]
