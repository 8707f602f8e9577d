from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.errors import Invalid
from pydock.core.images import pack, tar
from pydock.core.images.stream import Source

NAMES = st.binary(min_size=1, max_size=400).filter(lambda name: b"\0" not in name)
ENTRIES = st.builds(
    tar.Entry,
    name=NAMES,
    kind=st.sampled_from([tar.REGULAR, tar.SYMLINK, tar.LINK, tar.FIFO, tar.CHARACTER]),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 0xFFFFFFFE),
    gid=st.integers(0, 0xFFFFFFFE),
    size=st.just(0),
    stored=st.just(0),
    mtime=st.integers(-(10**18), 10**19),
    link=NAMES,
    major=st.integers(0, 4095),
    minor=st.integers(0, (1 << 20) - 1),
    xattrs=st.dictionaries(st.just(b"user.x"), st.binary(max_size=100), max_size=1),
)


def read(data: bytes) -> list[tar.Entry]:
    return list(tar.entries(Source(iter([data]), 1 << 40)))


@given(entry=ENTRIES)
def test_what_is_written_is_read_again(entry: tar.Entry) -> None:
    if entry.kind not in (tar.SYMLINK, tar.LINK):
        entry.link = b""
    if entry.kind != tar.CHARACTER:
        entry.major = entry.minor = 0
    assert read(pack.header(entry) + pack.END) == [entry]


@given(data=st.binary(max_size=3000), pieces=st.integers(1, 700))
def test_any_bytes_give_entries_or_a_clear_error(data: bytes, pieces: int) -> None:
    chunks = (data[start : start + pieces] for start in range(0, len(data), pieces))
    try:
        list(tar.entries(Source(chunks, 1 << 40)))
    except Invalid:
        pass


@given(flip=st.integers(0, 1535), bit=st.integers(0, 7))
def test_damaged_headers_give_entries_or_a_clear_error(flip: int, bit: int) -> None:
    entry = tar.Entry(b"n" * 150, tar.REGULAR, 0o644, 1 << 22, 0, 0, 0, 1, xattrs={b"user.a": b"b"})
    data = bytearray(pack.header(entry))
    data[flip % len(data)] ^= 1 << bit
    try:
        read(bytes(data) + pack.END)
    except Invalid:
        pass


def test_a_damaged_pax_record_ends_whatever_bit_is_damaged() -> None:
    """A record without a length was once read again for ever."""
    entry = tar.Entry(b"n" * 150, tar.REGULAR, 0o644, 1 << 22, 0, 0, 0, 1, xattrs={b"user.a": b"b"})
    for place in range(512, 760):
        for bit in range(8):
            data = bytearray(pack.header(entry))
            data[place] ^= 1 << bit
            try:
                read(bytes(data) + pack.END)
            except Invalid:
                continue


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_python_s_archives_are_read(format_: int) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=format_) as archive:
        for number in range(3):
            entry = tarfile.TarInfo(f"d/{'x' * 60}/{'y' * 60}{number}")
            entry.size, entry.mtime = number * 700, 1_700_000_000
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    assert [(e.size, e.mtime) for e in read(target.getvalue())] == [
        (0, 17 * 10**17),
        (700, 17 * 10**17),
        (1400, 17 * 10**17),
    ]


def test_python_reads_what_is_written() -> None:
    entry = tar.Entry(
        b"a/" + b"n" * 200, tar.SYMLINK, 0o777, 3_000_000, 5, 0, 0, 1_500_000_000, link=b"t" * 150
    )
    with tarfile.open(fileobj=io.BytesIO(pack.header(entry) + pack.END)) as archive:
        (member,) = archive.getmembers()
    assert (member.name, member.linkname, member.uid) == ("a/" + "n" * 200, "t" * 150, 3_000_000)


def test_old_directory_is_told_by_its_slash() -> None:
    entry = tar.Entry(b"dir/", b"\0", 0o755, 0, 0, 0, 0, 0)
    (read_back,) = read(pack.header(entry) + pack.END)
    assert read_back.kind == tar.DIRECTORY


def test_end_without_zero_blocks_is_an_end() -> None:
    entry = tar.Entry(b"file", tar.REGULAR, 0o644, 0, 0, 0, 0, 0)
    assert len(read(pack.header(entry))) == 1


def test_size_limit_is_named() -> None:
    entry = tar.Entry(b"file", tar.REGULAR, 0o644, 0, 0, 5000, 5000, 0)
    with pytest.raises(Invalid, match="limit layer_bytes"):
        list(tar.entries(Source(iter([pack.header(entry), bytes(5120)]), 4000)))
