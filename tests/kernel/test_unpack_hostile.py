"""Archives that try to get out: nothing outside the root changes, and the answer is a clear one.

SECURITY.md, "many: tar", CVE-2021-41089 and kin. The cases are products of ways to reach what is outside and
what to do there; hypothesis adds what nobody thought of.
"""

from __future__ import annotations

import io
import os
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.untar import Job, picture, unpack, unpack_all

Entry = tuple[str, dict[str, Any]]
DIRECTORY = {"type": tarfile.DIRTYPE, "mode": 0o777}
SECRET = b"kept as it was"


def archive_of(entries: list[Entry]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, fields in entries:
            fields = dict(fields)
            data = fields.pop("data", b"")
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o777
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def link(target: str) -> dict[str, Any]:
    return {"type": tarfile.SYMTYPE, "linkname": target}


def hard(target: str) -> dict[str, Any]:
    return {"type": tarfile.LNKTYPE, "linkname": target}


def ways_in(outside: str) -> Iterator[tuple[str, list[Entry], str]]:
    """A name for the way, entries that prepare it, and a prefix through which "outside" would be reached."""
    up = "../" * 12
    yield "absolute", [], outside
    yield "parent", [], f"../{os.path.basename(outside)}"
    yield "far parent", [], up + outside.lstrip("/")
    yield "dotted", [], f"./a/../../{os.path.basename(outside)}"
    yield "absolute link", [("way", link(outside))], "way"
    yield "relative link", [("way", link(f"../{os.path.basename(outside)}"))], "way"
    yield "climbing link", [("way", link(up + outside.lstrip("/")))], "way"
    yield "chained links", [("one", link(outside)), ("way", link("one"))], "way"
    yield "link below a directory", [("d", DIRECTORY), ("d/way", link(outside))], "d/way"
    yield "link to the root", [("way", link("/"))], "way" + outside
    yield "link to the parent", [("way", link(".."))], f"way/{os.path.basename(outside)}"
    yield "directory turned link", [("way", DIRECTORY), ("way", link(outside))], "way"
    yield "proc", [("way", link("/proc/self/root"))], "way" + outside
    yield "proc cwd", [("way", link("/proc/self/cwd/.."))], f"way/{os.path.basename(outside)}"
    yield "proc descriptor", [("way", link("/proc/self/fd/3"))], "way"
    yield "whited out way", [(".wh.way", {}), ("way", link(outside))], "way"


def deeds(prefix: str) -> Iterator[tuple[str, list[Entry]]]:
    """What to do to the file and the directory there."""
    yield "overwrite", [(f"{prefix}/file", {"data": b"changed"})]
    yield "create", [(f"{prefix}/new", {"data": b"new"})]
    yield "make a directory", [(f"{prefix}/sub/dir", DIRECTORY)]
    yield "change the directory's mode", [(prefix, {**DIRECTORY, "mode": 0o1777, "uid": 7})]
    yield "change the directory's time", [(f"{prefix}/", {**DIRECTORY, "mtime": 5})]
    yield "replace by a link", [(f"{prefix}/file", link("/etc"))]
    yield (
        "hard link to it",
        [("mine", hard(f"{prefix}/file")), ("mine", {"data": b"changed", "mode": 0o4777})],
    )
    yield "hard link and write", [("mine", hard(f"{prefix}/file")), ("mine/x", {"data": b"x"})]
    yield "hard link over it", [("mine", {"data": b"x"}), (f"{prefix}/file", hard("mine"))]
    yield "device", [(f"{prefix}/file", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})]
    yield "fifo", [(f"{prefix}/file", {"type": tarfile.FIFOTYPE})]
    yield "white it out", [(f"{prefix}/.wh.file", {})]
    yield "white out its directory", [(f"{os.path.dirname(prefix)}/.wh.{os.path.basename(prefix)}", {})]
    yield "make it opaque", [(f"{prefix}/.wh..wh..opq", {})]
    yield "set an attribute", [(prefix, {**DIRECTORY, "pax_headers": {"SCHILY.xattr.user.evil": "1"}})]
    yield "override by pax", [("x", {"data": b"changed", "pax_headers": {"path": f"{prefix}/file"}})]


def test_no_case_reaches_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    (outside / "file").write_bytes(SECRET)
    (outside / "sub/file").write_bytes(SECRET)
    jobs, names = [], []
    for way, prepare, prefix in ways_in(str(outside)):
        for deed, entries in deeds(prefix):
            for whiteouts in ("overlay", "remove"):
                case = tmp_path / f"case{len(jobs)}"
                (case / "root").mkdir(parents=True)
                # A sibling of the root, for names that climb by one.
                os.symlink(outside, case / "outside")
                (case / "archive").write_bytes(archive_of([*prepare, *entries]))
                jobs.append(Job(case / "archive", case / "root", whiteouts))
                names.append(f"{way}, {deed}, {whiteouts}")
    assert len(jobs) >= 400
    before = picture(outside)
    answers = unpack_all(jobs)
    assert picture(outside) == before
    for name, answer, job in zip(names, answers, jobs, strict=True):
        assert answer.get("error", "Invalid") == "Invalid", (name, answer)
        assert {entry.name for entry in job.root.parent.iterdir()} == {"root", "outside", "archive"}, name


def header(**fields: Any) -> bytes:
    """A raw ustar header with these bytes in its fields."""
    values = {
        "name": b"file", "mode": b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0",
        "size": b"00000000000\0", "mtime": b"00000000000\0", "kind": b"0", "link": b"",
        "magic": b"ustar\0", "version": b"00", "major": b"0000000\0", "minor": b"0000000\0", "prefix": b"",
        **fields,
    }  # fmt: skip
    block = struct.pack(
        "100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x",
        values["name"], values["mode"], values["uid"], values["gid"], values["size"], values["mtime"],
        b" " * 8, values["kind"], values["link"], values["magic"], values["version"], b"", b"",
        values["major"], values["minor"], values["prefix"],
    )  # fmt: skip
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def pax(*records: bytes) -> bytes:
    data = b"".join(records)
    return header(kind=b"x", size=b"%011o\0" % len(data)) + data + bytes(-len(data) % 512)


def rec(key: str, value: bytes) -> bytes:
    """A well-formed pax record."""
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body) + 2 if len(body) < 98 else len(body) + (3 if len(body) < 997 else 4)
    return b"%d%b" % (length, body)


def sparse(size: int, table: bytes, data: bytes = b"") -> bytes:
    """A file in GNU's sparse format 1.0 of this size, with this map before its data."""
    stored = table.ljust(512, b"\0") + data
    about = pax(rec("GNU.sparse.major", b"1"), rec("GNU.sparse.realsize", b"%d" % size))
    return about + header(size=b"%011o\0" % len(stored)) + stored + bytes(-len(stored) % 512)


END = bytes(1024)
REFUSED = {
    "not a tar": b"hello " * 200,
    "wrong checksum": header()[:-1] + b"x" + END,
    "size is no number": header(size=b"zzzzzzzzzzz\0") + END,
    "negative size": header(size=b"\xff" * 12) + END,
    "huge size": header(size=b"\x80" + b"\x7f" * 11) + END,
    "size beyond the end": header(size=b"77777777777\0") + END,
    "cut in a header": header()[:300],
    "cut in content": header(size=b"00000002000\0") + b"x" * 100,
    "cut in pax": header(kind=b"x", size=b"00000002000\0") + b"x" * 100,
    "lone zero block": bytes(512) + header() + END,
    "huge pax": header(kind=b"x", size=b"77777777777\0") + END,
    "pax length of nothing": pax(b"0 a=b\n") + header() + END,
    "pax length too long": pax(b"999 a=b\n") + header() + END,
    "pax length is no number": pax(b"-5 a=b\n") + header() + END,
    "pax without newline": pax(b"6 a=bc") + header() + END,
    "pax without equals": pax(b"5 ab\n") + header() + END,
    "pax path with zero": pax(rec("path", b"a\0")) + header() + END,
    "pax size is negative": pax(rec("size", b"-5")) + header() + END,
    "pax size is huge": pax(rec("size", b"9" * 20)) + header() + END,
    "pax owner is huge": pax(rec("uid", b"4294967295")) + header() + END,
    "pax time is no time": pax(rec("mtime", b"nan")) + header() + END,
    "attribute name with zero": pax(rec("SCHILY.xattr.a\0b", b"c")) + header() + END,
    "unknown type": header(kind=b"Z") + END,
    "device too large": header(kind=b"3", major=b"7777777\0") + END,
    "hard link to nothing": header(kind=b"1", link=b"nothing") + END,
    "hard link out": header(kind=b"1", link=b"../../etc/passwd") + END,
    "link to nowhere at all": header(kind=b"2") + END,
    "climbing name": header(name=b"a/../../b") + END,
    "climbing by prefix": header(name=b"b", prefix=b"a/../..") + END,
    "file replaces the root": header(name=b"/") + END,
    "file replaces the root, dotted": header(name=b"./.") + END,
    "name too long": pax(rec("path", b"x" * 300)) + header() + END,
    "path too long": pax(rec("path", b"/abcdefgh" * 660)) + header() + END,
    "sparse map out of order": sparse(99, b"2\n50\n1\n10\n1\n", b"xx") + END,
    "sparse map beyond the file": sparse(99, b"1\n98\n2\n", b"xx") + END,
    "sparse map of less than is there": sparse(99, b"1\n0\n1\n", b"xx") + END,
    "sparse map without end": sparse(99, b"9" * 512) + END,
    "sparse file of exabytes": sparse(1 << 62, b"0\n") + END,
}  # fmt: skip


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The answers to all of REFUSED, from one process."""
    base = tmp_path_factory.mktemp("refused")
    jobs = []
    for number, data in enumerate(REFUSED.values()):
        (base / f"{number}.tar").write_bytes(data)
        (base / f"{number}").mkdir()
        jobs.append(Job(base / f"{number}.tar", base / f"{number}"))
    return dict(zip(REFUSED, unpack_all(jobs), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_archive_is_refused(name: str, refusals: dict[str, dict[str, Any]]) -> None:
    assert refusals[name].get("error") == "Invalid", refusals[name]
    assert "\0" not in refusals[name]["message"]


def test_wrong_diff_id_is_told(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(archive_of([("a", {})]))
    (tmp_path / "root").mkdir()
    (answer,) = unpack_all([Job(tmp_path / "archive", tmp_path / "root", diff_id="sha256:" + "0" * 64)])
    assert "expected sha256:0000" in answer["message"]


@pytest.mark.parametrize("cut", [0, 1, 5, 17, 40])
def test_truncated_gzip_is_told(tmp_path: Path, cut: int) -> None:
    import gzip

    whole = gzip.compress(archive_of([("a", {"data": os.urandom(5000)})]))
    (tmp_path / "archive").write_bytes(whole[: len(whole) - 1 - cut])
    answer = unpack(tmp_path / "archive", tmp_path / "root")
    assert answer["error"] == "Invalid"


PARTS = st.sampled_from(
    ["..", ".", "", "a", "b", ".wh.a", ".wh..", ".wh..wh..opq", "\n", "\x01", "é", "x" * 260]
)
NAMES = st.lists(PARTS, max_size=5).map("/".join)
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
FIELDS = st.fixed_dictionaries(
    {
        "type": KINDS,
        "linkname": NAMES.map(lambda t: t or "a"),
        "mode": st.integers(0, 0o7777),
        "uid": st.integers(0, 1 << 33),
    }
)
ARCHIVES = st.lists(st.tuples(NAMES, FIELDS), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(ARCHIVES, min_size=20, max_size=20), data=st.data())
def test_random_archives_stay_inside(tmp_path: Path, batch: list[list[Entry]], data: st.DataObject) -> None:
    base = tmp_path / os.urandom(4).hex()
    (base / "outside").mkdir(parents=True)
    (base / "outside/a").write_bytes(SECRET)
    jobs = []
    for number, entries in enumerate(batch):
        (base / str(number)).mkdir()
        raw = bytearray(archive_of(entries))
        if data.draw(st.booleans()):
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        (base / f"{number}.tar").write_bytes(raw)
        jobs.append(
            Job(base / f"{number}.tar", base / str(number), data.draw(st.sampled_from(["overlay", "remove"])))
        )
    expected = {"outside", *(f"{n}.tar" for n in range(20)), *(str(n) for n in range(20))}
    before = picture(base / "outside")
    for answer in unpack_all(jobs):
        assert answer.get("error", "Invalid") == "Invalid", answer
    assert picture(base / "outside") == before
    assert set(os.listdir(base)) == expected


def test_many_entries_cost_no_memory_worth_telling(tmp_path: Path) -> None:
    """100,000 entries are refused by a limit of 50,000 before they are all made."""
    block = b"".join(header(name=b"%d" % n) for n in range(60_000))
    (tmp_path / "archive").write_bytes(block + END)
    answer = unpack(tmp_path / "archive", tmp_path / "root", layer_entries=50_000)
    assert "limit layer_entries" in answer["message"]
    assert len(os.listdir(tmp_path / "root")) == 50_000
