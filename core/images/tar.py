"""Tar archives, read: headers to entries, and nothing else (POSIX pax; GNU tar manual, "Tar Internals").

ustar, pax (global headers ignored, as Docker does), GNU long names, base-256 numbers, sparse files in GNU's
four forms. Names are bytes: an archive need not be UTF-8. Refuses what is ambiguous rather than guessing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..errors import Invalid
from .stream import Source

BLOCK: Final = 512
REGULAR, LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
_KINDS = frozenset((REGULAR, LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO))
_HEADER_ONLY = frozenset((LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO))
_OLD_REGULAR, _CONTIGUOUS, _GNU_SPARSE = b"\0", b"7", b"S"
_PAX, _PAX_GLOBAL, _PAX_SOLARIS = b"x", b"g", b"X"
_LONG_NAME, _LONG_LINK, _VOLUME = b"L", b"K", b"V"
_LONGEST_SPECIAL = 1 << 20
_MOST_SEGMENTS = 1 << 20
_XATTR = b"SCHILY.xattr."
_ZEROS = bytes(BLOCK)
_NANO = 1_000_000_000
# What ext4 can keep; times beyond are set to the nearest.
_EARLIEST, _LATEST = -(1 << 31) * _NANO, (1 << 34) * _NANO

Segment = tuple[int, int]


@dataclass(slots=True)
class Entry:
    """One file of an archive. `size` is its length on disk, `stored` what the archive holds of it.

    `kind` is one of this module's type flags. `segments` are (offset, length) of a sparse file's data, in
    order and without overlap. Only regular files have content; it follows in the source, once per entry.
    """

    name: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size: int
    stored: int
    mtime: int
    link: bytes = b""
    major: int = 0
    minor: int = 0
    xattrs: dict[bytes, bytes] = field(default_factory=dict)
    segments: list[Segment] | None = None


def entries(source: Source) -> Iterator[Entry]:
    """Yield the entries of an archive; what the consumer leaves of an entry's content is skipped."""
    pax = _Pax()
    name = link = b""
    while header := source.take(BLOCK):
        if len(header) < BLOCK:
            raise Invalid("unexpected EOF")
        if header == _ZEROS:
            following = source.take(BLOCK)
            if following and following != _ZEROS[: len(following)]:
                raise Invalid("damaged archive: a lone block of zeros")
            return
        _check_sum(header)
        kind = header[156:157]
        if kind in (_PAX, _PAX_SOLARIS):
            pax = _parse_pax(_special(source, header))
        elif kind == _LONG_NAME:
            name = _special(source, header).partition(b"\0")[0]
        elif kind == _LONG_LINK:
            link = _special(source, header).partition(b"\0")[0]
        elif kind in (_PAX_GLOBAL, _VOLUME):
            _special(source, header)
        else:
            entry = _entry(header, name, link, pax)
            if kind == _GNU_SPARSE:
                _old_sparse(source, header, entry)
            end = source.position + -(-entry.stored // BLOCK) * BLOCK
            if pax.sparse:
                _pax_sparse(source, entry, pax)
            if entry.segments is not None:
                _check_segments(entry)
            yield entry
            source.skip(end - source.position)
            pax, name, link = _Pax(), b"", b""


def _check_sum(header: bytes) -> None:
    """Compare the header's sum, unsigned or, as some old programs wrote it, signed."""
    try:
        wanted = int(header[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        raise Invalid("not a tar archive") from None
    total = sum(header) - sum(header[148:156]) + 8 * 0x20
    if total != wanted:
        negative = sum(1 for byte in header[:148] + header[156:] if byte >= 0x80)
        if total - 256 * negative != wanted:
            raise Invalid("not a tar archive, or a damaged one: wrong checksum of a header")


def _number(header: bytes, start: int, width: int) -> int:
    """Read a numeric field: octal digits, or base 256 when its first bit is set (GNU)."""
    field_ = header[start : start + width]
    if field_[0] & 0x80:
        first = field_[0] & 0x7F if field_[0] < 0xC0 else field_[0] - 0x100
        return (first << 8 * (width - 1)) | int.from_bytes(field_[1:], "big")
    digits = field_.strip(b" \0")
    if not digits:
        return 0
    try:
        return int(digits, 8)
    except ValueError:
        raise Invalid(f"damaged archive: not a number: {digits!r}") from None


def _text(header: bytes, start: int, width: int) -> bytes:
    return header[start : start + width].partition(b"\0")[0]


def _special(source: Source, header: bytes) -> bytes:
    """Read the content of an entry that describes the next one."""
    size = _number(header, 124, 12)
    if not 0 <= size <= _LONGEST_SPECIAL:
        raise Invalid(f"damaged archive: an extended header of {size} bytes")
    data = source.take(-(-size // BLOCK) * BLOCK)
    if len(data) < size:
        raise Invalid("archive ends in the middle of an extended header")
    return data[:size]


@dataclass(slots=True)
class _Pax:
    """An extended header: plain records, and those that describe a sparse file, in order."""

    records: dict[bytes, bytes] = field(default_factory=dict)
    xattrs: dict[bytes, bytes] = field(default_factory=dict)
    sparse: list[tuple[bytes, bytes]] = field(default_factory=list)


def _parse_pax(data: bytes) -> _Pax:
    """Split an extended header in its records "<length> <key>=<value>\\n"."""
    result, position = _Pax(), 0
    while position < len(data):
        space = data.find(b" ", position, position + 12)
        digits = data[position:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        if position + length <= space + 1 or not length:
            raise Invalid("damaged archive: malformed pax record")
        record = data[space + 1 : position + length]
        key, equals, value = record[:-1].partition(b"=")
        if position + length > len(data) or not equals or not key or record[-1:] != b"\n":
            raise Invalid("damaged archive: malformed pax record")
        if b"\0" in key or (b"\0" in value and not key.startswith(_XATTR)):
            raise Invalid("damaged archive: a zero byte in a pax record")
        position += length
        if key.startswith(_XATTR):
            result.xattrs[key[len(_XATTR) :]] = value
        elif key.startswith(b"GNU.sparse."):
            result.sparse.append((key[11:], value))
        else:
            result.records[key] = value
    return result


def _entry(header: bytes, name: bytes, link: bytes, pax: _Pax) -> Entry:
    kind = header[156:157]
    records = pax.records
    if not name:
        name = _text(header, 0, 100)
        # GNU's old format has times where ustar has the prefix.
        if header[257:263] == b"ustar\0" and header[345]:
            name = _text(header, 345, 155) + b"/" + name
    if records:
        name = records.get(b"path") or name
        link = records.get(b"linkpath") or link
    if kind in (_OLD_REGULAR, _CONTIGUOUS, _GNU_SPARSE):
        kind = DIRECTORY if kind == _OLD_REGULAR and name.endswith(b"/") else REGULAR
    elif kind not in _KINDS:
        raise Invalid(f"unknown type {kind!r} of tar entry {shown(name)}")
    stored = 0
    if kind not in _HEADER_ONLY:
        stored = _decimal(records, b"size", header, 124, 12)
        if not 0 <= stored < 1 << 63:
            raise Invalid(f"impossible size {stored} of tar entry {shown(name)}")
    mtime = _nanoseconds(records[b"mtime"]) if b"mtime" in records else _number(header, 136, 12) * _NANO
    major, minor = _device(header, name) if kind in (CHARACTER, BLOCK_DEVICE) else (0, 0)
    return Entry(
        name=name,
        kind=kind,
        mode=_number(header, 100, 8) & 0o7777,
        uid=_owner(_decimal(records, b"uid", header, 108, 8), name),
        gid=_owner(_decimal(records, b"gid", header, 116, 8), name),
        size=stored,
        stored=stored,
        mtime=max(_EARLIEST, min(mtime, _LATEST)),
        link=link or _text(header, 157, 100) if kind in (LINK, SYMLINK) else b"",
        major=major,
        minor=minor,
        xattrs=pax.xattrs,
    )


def shown(name: bytes) -> str:
    """A name as it may stand in a message: quoted, cut, without control characters."""
    return repr(name[:200].decode("utf-8", "backslashreplace"))


def _decimal(records: dict[bytes, bytes], key: bytes, header: bytes, start: int, width: int) -> int:
    value = records.get(key)
    if not value:
        return _number(header, start, width)
    if not value.isdigit() or len(value) > 20:
        raise Invalid(f"damaged archive: pax {key.decode()} is not a number: {value[:40]!r}")
    return int(value)


def _owner(value: int, name: bytes) -> int:
    # The last id means "leave it" to chown(2).
    if not 0 <= value < 0xFFFFFFFF:
        raise Invalid(f"impossible owner {value} of tar entry {shown(name)}")
    return value


def _device(header: bytes, name: bytes) -> tuple[int, int]:
    major, minor = _number(header, 329, 8), _number(header, 337, 8)
    if not (0 <= major < 1 << 12 and 0 <= minor < 1 << 20):
        raise Invalid(f"impossible device {major}:{minor} of tar entry {shown(name)}")
    return major, minor


def _nanoseconds(text: bytes) -> int:
    """Read pax time: seconds with a fraction, exactly."""
    negative = text.startswith(b"-")
    whole, _, fraction = text.removeprefix(b"-").partition(b".")
    if not whole.isdigit() or len(whole) > 18 or not (fraction.isdigit() or not fraction):
        raise Invalid(f"damaged archive: pax mtime is not a time: {text[:40]!r}")
    value = int(whole) * _NANO + int(fraction[:9].ljust(9, b"0") or 0)
    return -value if negative else value


def _old_sparse(source: Source, header: bytes, entry: Entry) -> None:
    """Read the map of GNU's own sparse format: in the header, then in blocks behind it."""
    segments = _old_segments(header, 386, 4)
    more = header[482]
    while more:
        block = source.take(BLOCK)
        if len(block) < BLOCK or len(segments) > _MOST_SEGMENTS:
            raise Invalid(f"damaged sparse map of {shown(entry.name)}")
        segments += _old_segments(block, 0, 21)
        more = block[504]
    entry.segments = segments
    entry.size = _number(header, 483, 12)


def _old_segments(block: bytes, start: int, count: int) -> list[Segment]:
    places = range(start, start + 24 * count, 24)
    pairs = [(_number(block, place, 12), _number(block, place + 12, 12)) for place in places if block[place]]
    return [(offset, length) for offset, length in pairs if length]


def _pax_sparse(source: Source, entry: Entry, pax: _Pax) -> None:
    """Apply GNU's sparse formats 0.0, 0.1 (map in the records) and 1.0 (map before the data)."""
    last = dict(pax.sparse)
    entry.name = last.get(b"name") or entry.name
    if (size := last.get(b"realsize") or last.get(b"size")) is not None:
        entry.size = _whole(size, entry)
    if last.get(b"major") == b"1":
        entry.segments = _sparse_map(source, entry)
        return
    if b"map" in last:
        numbers = [_whole(text, entry) for text in last[b"map"].split(b",")]
    else:
        numbers = [_whole(value, entry) for key, value in pax.sparse if key in (b"offset", b"numbytes")]
    if len(numbers) % 2:
        raise Invalid(f"damaged sparse map of {shown(entry.name)}")
    entry.segments = [pair for pair in zip(numbers[::2], numbers[1::2], strict=True) if pair[1]]


def _sparse_map(source: Source, entry: Entry) -> list[Segment]:
    """Read the decimal lines of a 1.0 map: the number of segments, then offset and length of each."""
    numbers: list[int] = []
    rest = b""
    while not numbers or len(numbers) < 1 + 2 * numbers[0]:
        block = source.take(min(BLOCK, entry.stored))
        entry.stored -= len(block)
        if not block or len(numbers) > 2 * _MOST_SEGMENTS or len(rest) > BLOCK:
            raise Invalid(f"damaged sparse map of {shown(entry.name)}")
        *lines, rest = (rest + block).split(b"\n")
        # Behind the last number the block is padding.
        while lines and (not numbers or len(numbers) < 1 + 2 * numbers[0]):
            numbers.append(_whole(lines.pop(0), entry))
    pairs = zip(numbers[1::2], numbers[2::2], strict=True)
    return [(offset, length) for offset, length in pairs if length]


def _whole(text: bytes, entry: Entry) -> int:
    if not text.isdigit() or len(text) > 19:
        raise Invalid(f"damaged sparse map of {shown(entry.name)}")
    return int(text)


def _check_segments(entry: Entry) -> None:
    position = 0
    for offset, length in entry.segments or ():
        if offset < position:
            raise Invalid(f"damaged sparse map of {shown(entry.name)}")
        position = offset + length
    total = sum(length for _, length in entry.segments or ())
    if position > entry.size or entry.size >= 1 << 63 or total != entry.stored:
        raise Invalid(f"damaged sparse map of {shown(entry.name)}")
