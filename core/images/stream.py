"""Byte streams of layers and archives: compression told by magic numbers, reading ahead in a thread.

All of it is synchronous: it runs in workers, and in threads of an engine. RFC 1952 (gzip), RFC 8878 (zstd).
"""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import lzma
import os
import queue
import threading
import zlib
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import zstandard
from isal import isal_zlib

from ..digest import Digest
from ..errors import Invalid

CHUNK = 1 << 20
_INPUT = 1 << 18
_AHEAD = 4
_LONGEST_MAGIC = 6
_MAGIC = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
)
# Frames that carry no data and may stand before the first one (RFC 8878, 3.1.2).
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"

# isal's stubs give its error as an instance.
_GZIP_ERRORS: tuple[Any, ...] = (isal_zlib.IsalError, zlib.error, ValueError)

Compression = Literal["plain", "gzip", "zstd", "xz", "bzip2"]


def compression(beginning: bytes) -> Compression:
    """Tell the compression of a stream by its first bytes."""
    if beginning[1:4] == _ZSTD_SKIPPABLE and beginning[:1] and 0x50 <= beginning[0] <= 0x5F:
        return "zstd"
    for magic, name in _MAGIC:
        if beginning.startswith(magic):
            return name  # type: ignore[return-value]  # the table holds these literals only
    return "plain"


def file_chunks(descriptor: int, size: int = CHUNK) -> Iterator[bytes]:
    """Read a descriptor from where it stands to its end."""
    while chunk := os.read(descriptor, size):
        yield chunk


def decompress(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the plain bytes of a stream in any known compression, at most CHUNK at a time.

    Raises Invalid when it is damaged or ends early.
    """
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= _LONGEST_MAGIC:
            break
    whole = _with_first(first, chunks)
    match compression(first):
        case "gzip":
            return _gzip(whole)
        case "zstd":
            return _zstd(whole)
        case "xz":
            return _stdlib(whole, "xz")
        case "bzip2":
            return _stdlib(whole, "bzip2")
        case "plain":
            return whole


def _with_first(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress the members of a gzip stream; zeros behind the last are padding."""
    member = isal_zlib.decompressobj(wbits=31)
    begun = False
    for chunk in chunks:
        for start in range(0, len(chunk), _INPUT):
            data = chunk[start : start + _INPUT]
            while data:
                if not begun and not data.strip(b"\0"):
                    break
                begun = True
                try:
                    plain = member.decompress(data, CHUNK)
                except _GZIP_ERRORS as err:
                    raise Invalid(f"damaged gzip stream: {err}") from err
                if plain:
                    yield plain
                if member.eof:
                    data = member.unused_data
                    member = isal_zlib.decompressobj(wbits=31)
                    begun = False
                else:
                    data = member.unconsumed_tail
                    # Input is used up and output may still wait inside when the last piece was full.
                    if not data and len(plain) == CHUNK:
                        yield from _rest_of(member)
    if begun:
        raise Invalid("gzip stream ends early")


def _rest_of(member: isal_zlib.Decompress) -> Iterator[bytes]:
    while plain := member.decompress(b"", CHUNK):
        yield plain


class _Readable:
    """The `read` that zstandard wants, over chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, _size: int = -1) -> bytes:
        return next(self._chunks, b"")


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress all frames; an early end shows in what reads the plain bytes."""
    source = _Readable(chunks)
    reader = zstandard.ZstdDecompressor().stream_reader(
        source,  # type: ignore[arg-type]  # only `read` is called
        read_across_frames=True,
    )
    try:
        while plain := reader.read(CHUNK):
            yield plain
    except zstandard.ZstdError as err:
        raise Invalid(f"damaged zstd stream: {err}") from err


def _stdlib(chunks: Iterator[bytes], kind: Literal["xz", "bzip2"]) -> Iterator[bytes]:
    def fresh() -> lzma.LZMADecompressor | bz2.BZ2Decompressor:
        return lzma.LZMADecompressor(memlimit=1 << 28) if kind == "xz" else bz2.BZ2Decompressor()

    decoder, begun = fresh(), False
    try:
        for chunk in chunks:
            data = chunk
            while data or (begun and not decoder.needs_input):
                if not begun and not data.strip(b"\0"):
                    break
                begun = True
                plain = decoder.decompress(data, CHUNK)
                data = b""
                if plain:
                    yield plain
                if decoder.eof:
                    data, decoder, begun = decoder.unused_data, fresh(), False
    except (lzma.LZMAError, OSError) as err:
        raise Invalid(f"damaged {kind} stream: {err}") from err
    if begun:
        raise Invalid(f"{kind} stream ends early")


def hashed(chunks: Iterator[bytes], into: hashlib._Hash) -> Iterator[bytes]:
    """Pass chunks on, adding each to `into` first."""
    for chunk in chunks:
        into.update(chunk)
        yield chunk


def sha256(into: hashlib._Hash) -> Digest:
    return Digest("sha256:" + into.hexdigest())


class ReadAhead:
    """Chunks of an iterator, produced by a thread of its own up to a few ahead of the consumer.

    Decompression and hashing release the interpreter's lock, so they run beside the consumer. A context
    manager: leaving it early stops the thread. What the iterator raises is raised in the consumer.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self._stopped = False
        self._thread = threading.Thread(target=self._produce, name="read ahead", daemon=True)

    def __enter__(self) -> Iterator[bytes]:
        self._thread.start()
        return self._consume()

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        # Room for what the thread waits to put, so that it sees the mark. It is not waited for: it may be
        # waiting for input itself, and must not use a descriptor that its user closes.
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()

    def _produce(self) -> None:
        ending: BaseException | None = None
        try:
            for chunk in self._chunks:
                if self._stopped:
                    return
                self._queue.put(chunk)
        except BaseException as err:  # noqa: BLE001 - handed over and raised in the consumer
            ending = err
        self._queue.put(ending)

    def _consume(self) -> Iterator[bytes]:
        while True:
            item = self._queue.get()
            if isinstance(item, bytes):
                yield item
            elif item is None:
                return
            else:
                raise item


class Sink(Protocol):
    """Where `Source.drain` puts bytes."""

    def __call__(self, data: memoryview) -> object:
        """Take all of `data`, which is valid during the call only."""


class Source:
    """Exact reads from chunks, copying as little as possible. `position` counts what was taken."""

    def __init__(self, chunks: Iterator[bytes], limit: int) -> None:
        self._chunks = chunks
        self._limit = limit
        self._view = memoryview(b"")
        self._offset = 0
        self._taken = 0

    @property
    def position(self) -> int:
        return self._taken + self._offset

    def _more(self) -> bool:
        self._taken += len(self._view)
        self._offset = 0
        self._view = memoryview(next(self._chunks, b""))
        if self._taken + len(self._view) > self._limit:
            raise Invalid(f"archive is larger than {self._limit} bytes unpacked (limit layer_bytes)")
        return len(self._view) > 0

    def take(self, number: int) -> bytes:
        """Return exactly `number` bytes, or fewer at the end."""
        start = self._offset
        if start + number <= len(self._view):
            self._offset = start + number
            return bytes(self._view[start : self._offset])
        parts = bytearray()
        while len(parts) < number:
            if self._offset == len(self._view) and not self._more():
                break
            piece = self._view[self._offset : self._offset + number - len(parts)]
            self._offset += len(piece)
            parts += piece
        return bytes(parts)

    def drain(self, number: int, sink: Sink) -> None:
        """Give the next `number` bytes to `sink` in pieces; raises Invalid when the stream ends before."""
        while number:
            if self._offset == len(self._view) and not self._more():
                raise Invalid("archive ends in the middle of a file")
            piece = self._view[self._offset : self._offset + number]
            self._offset += len(piece)
            number -= len(piece)
            sink(piece)

    def skip(self, number: int) -> None:
        self.drain(number, lambda _: None)

    def finish(self) -> None:
        """Read to the end, so that a digest beside covers the whole stream."""
        self._offset = len(self._view)
        while self._more():
            self._offset = len(self._view)
