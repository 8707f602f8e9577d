"""The small leaves: errors, digests, identities, files, filters, bell."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from pydock.core import digest, errors, files, ids
from pydock.core.bell import ALL, Bell
from pydock.core.filters import Filters
from pydock.core.ring import ring


@pytest.mark.parametrize(
    "kind",
    [errors.Invalid, errors.Unauthorized, errors.Forbidden, errors.NotFound, errors.Conflict,
     errors.NotModified, errors.Internal, errors.Unsupported, errors.Unavailable],
)  # fmt: skip
def test_an_error_comes_back_from_its_status_as_the_same_kind(kind: type[errors.PydockError]) -> None:
    again = errors.from_status(kind.status, "why")
    assert type(again) is kind
    assert again.message == "why"


def test_unknown_statuses_keep_their_class() -> None:
    assert type(errors.from_status(418, "")) is errors.Invalid
    assert type(errors.from_status(507, "")) is errors.Internal


def test_a_digest_is_that_of_the_bytes() -> None:
    hasher = digest.Hasher()
    hasher.update(b"ab")
    hasher.update(b"c")
    assert (hasher.digest(), hasher.size) == (digest.of(b"abc"), 3)
    assert digest.parse(digest.of(b"abc")) == digest.from_hex(digest.hex_of(digest.of(b"abc")))


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "g" * 64, "md5:" + "a" * 64, "sha256:" + "A" * 64]
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(errors.Invalid):
        digest.parse(text)


def test_a_short_id_is_never_a_number() -> None:
    assert all(not ids.short(ids.new_id()).isdigit() for _ in range(2000))


@pytest.mark.parametrize(
    ("name", "good"),
    [("web", True), ("a.b-c_1", True), ("x", False), ("-a", False), ("a b", False), ("../a", False),
     ("a\n", False)],
)  # fmt: skip
def test_names_have_dockers_form(name: str, good: bool) -> None:
    assert ids.valid_name(name) is good


def test_random_names_are_valid() -> None:
    assert all(ids.valid_name(ids.random_name()) for _ in range(100))


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "file"
    files.atomic_write(target, b"old")
    files.atomic_write(target, b"new", mode=0o640)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["file"]


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.mkdir()
    with pytest.raises(OSError):
        files.atomic_write(target, b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_a_full_disk_is_told_as_such() -> None:
    full = files.storage_error(OSError(errno.ENOSPC, "No space left on device", "/x"), "loading image a")
    assert isinstance(full, errors.NoSpace)
    assert "loading image a" in full.message


def test_removing_a_tree_does_not_follow_links(tmp_path: Path) -> None:
    outside, tree = tmp_path / "outside", tmp_path / "tree"
    outside.mkdir()
    (outside / "kept").touch()
    tree.mkdir()
    (tree / "link").symlink_to(outside)
    files.remove_tree(tree)
    files.remove_tree(tree)
    assert (outside / "kept").exists()
    assert not tree.exists()


def test_filters_take_lists_and_maps() -> None:
    assert Filters.parse('{"label":["a=b","c"]}') == Filters.parse(
        '{"label":{"a=b":true,"c":true,"d":false}}'
    )
    assert Filters.parse(Filters.from_pairs(["a=b=c", "a=d"]).encode()).get("a") == ("b=c", "d")


@pytest.mark.parametrize("text", ["{", "[]", '{"a":"b"}'])
def test_malformed_filters_are_refused(text: str) -> None:
    with pytest.raises(errors.Invalid):
        Filters.parse(text)


@pytest.mark.parametrize(("wanted", "matches"), [("a", True), ("a=1", True), ("a=2", False), ("b", False)])
def test_label_filters_match_keys_and_pairs(wanted: str, matches: bool) -> None:
    assert Filters({"label": (wanted,)}).matches_labels({"a": "1"}) is matches


def test_a_flag_filter_must_be_true_or_false() -> None:
    assert Filters({"dangling": ("1",)}).flag("dangling")
    assert Filters().flag("dangling", default=True)
    with pytest.raises(errors.Invalid):
        Filters({"dangling": ("maybe",)}).flag("dangling")


async def test_a_bell_is_heard_by_every_engine_once(tmp_path: Path) -> None:
    async with Bell(str(tmp_path)) as first, Bell(str(tmp_path)) as second:
        for _ in range(3):
            ring(str(tmp_path), b"c 1")
        ring(str(tmp_path), b"e")
        for listener in (first, second):
            heard = []
            async with asyncio.timeout(5):
                async for payload in listener:
                    heard.append(payload)
                    if payload == b"e":
                        break
            assert heard == [b"c 1", b"e"]
    assert os.listdir(tmp_path) == []


def test_ringing_clears_sockets_of_dead_engines(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(tmp_path / "1.sock"))
    ring(str(tmp_path), b"e")
    assert os.listdir(tmp_path) == []
    ring(str(tmp_path / "absent"), b"e")


async def test_a_listener_that_was_rung_too_often_hears_that_some_is_missing(
    tmp_path: Path,
) -> None:
    async with Bell(str(tmp_path)) as listener:
        for number in range(2000):
            ring(str(tmp_path), b"c %d" % number)
        async with asyncio.timeout(5):
            async for payload in listener:
                if payload == ALL:
                    break
