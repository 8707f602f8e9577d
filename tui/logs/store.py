"""One container's log lines in a bounded ring of blocks.

A line has an id that never changes: ids count up from 0 as lines arrive, and down from -1 as older lines are
loaded in front. A block holds what came within 64 KiB or a second; all but the newest blocks are compressed.
When the ring is full whole blocks go at its old end and `dropped` counts their lines.
"""

from __future__ import annotations

import time
import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from . import stamp

NOTE, STDOUT, STDERR = 0, 1, 2
"""Where a line came from; a NOTE is a line of ours: a mark, lines that were dropped, a restart."""

BLOCK_BYTES = 65536
BLOCK_SECONDS = 1.0
# A program that never ends its line may not grow the buffer: it is cut here.
LINE_BYTES = 4 << 20
_PLAIN_BLOCKS = 16
_UNPACKED_BLOCKS = 8


class Line(NamedTuple):
    """One line: `time` is ns since the epoch or stamp.NONE, `text` has no newline, `source` is for merges."""

    id: int
    stream: int
    time: int
    text: bytes
    source: int = 0


class Batch(NamedTuple):
    """Lines with consecutive ids from `first`, column by column; `sources` is empty but in merges."""

    first: int
    texts: Sequence[bytes]
    streams: Sequence[int]
    times: Sequence[int]
    sources: bytes = b""


class Lines(Protocol):
    """What a view, a search and a pane read: a LogStore, or several merged."""

    @property
    def first(self) -> int:
        """The oldest id held."""

    @property
    def end(self) -> int:
        """One past the newest id."""

    dropped: int

    def line(self, id: int) -> Line:
        """Return a held line; KeyError when it was dropped."""

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Yield the held lines with start <= id < stop, oldest first."""

    def find_time(self, ns: int) -> int:
        """Return the first id whose time is not before `ns`, or `end`."""


class _Block:
    """Sealed lines. Invariant: `packed` or `texts` is there."""

    __slots__ = ("count", "first", "packed", "size", "streams", "texts", "times")

    def __init__(self, batch: Batch, size: int) -> None:
        self.first = batch.first
        self.count = len(batch.texts)
        self.texts: Sequence[bytes] | None = batch.texts
        self.streams = bytes(batch.streams)
        self.times = array("q", batch.times)
        self.packed = b""
        self.size = size

    def pack(self) -> None:
        """Compress the texts. Lines hold no newline, so one joins them."""
        if self.texts is not None:
            self.packed = zlib.compress(b"\n".join(self.texts), 1)
            self.texts = None
            self.size = len(self.packed) + 9 * self.count

    def unpack(self) -> Sequence[bytes]:
        return self.texts if self.texts is not None else zlib.decompress(self.packed).split(b"\n")


class LogStore:
    """Keeps at most `max_lines` lines and `max_bytes` bytes as stored.

    Invariant: blocks are in id order without a gap, and the open lines follow them.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 32 << 20,
        max_lines: int = 1_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dropped = 0
        self.revision = 0
        self.max_bytes = max_bytes
        self.max_lines = max_lines
        self._clock = clock
        self._blocks: deque[_Block] = deque()
        self._firsts: list[int] | None = None
        self._unpacked: OrderedDict[int, Sequence[bytes]] = OrderedDict()
        self._stored = 0
        self._first = self._end = 0
        self._open_first = 0
        self._texts: list[bytes] = []
        self._streams = bytearray()
        self._times: list[int] = []
        self._open_bytes = 0
        self._opened = 0.0
        self._carry: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
        self._carried: dict[int, int] = {STDOUT: 0, STDERR: 0}
        self._listeners: list[Callable[[Batch], None]] = []

    @property
    def first(self) -> int:
        return self._first

    @property
    def end(self) -> int:
        return self._end

    @property
    def stored(self) -> int:
        """Bytes held."""
        return self._stored + self._open_bytes

    @property
    def room(self) -> int:
        """Lines that may still be put in front before the ring is full."""
        return 0 if self.stored >= self.max_bytes else max(0, self.max_lines - (self._end - self._first))

    def listen(self, listener: Callable[[Batch], None]) -> Callable[[], None]:
        """Call `listener` with each batch appended; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def feed(self, stream: int, data: bytes) -> None:
        """Take bytes of a stream as they come; a line is stored once its newline is there."""
        carry = self._carry[stream]
        cut = data.rfind(b"\n")
        if cut < 0:
            carry.append(data)
            self._carried[stream] += len(data)
            if self._carried[stream] > LINE_BYTES:
                self._flush(stream)
            return
        head, rest = data[:cut], data[cut + 1 :]
        if carry:
            head = b"".join((*carry, head))
        self._carry[stream] = [rest] if rest else []
        self._carried[stream] = len(rest)
        self._extend(stream, head.split(b"\n"))

    def finish(self) -> None:
        """Store what is left without a newline: the stream ended."""
        for stream in (STDOUT, STDERR):
            self._flush(stream)

    def abandon(self) -> None:
        """Forget what is left without a newline: it will be read again."""
        self._carry = {STDOUT: [], STDERR: []}
        self._carried = {STDOUT: 0, STDERR: 0}

    def unfinished(self) -> Line | None:
        """Return the line that has begun but not ended, a prompt for one; its id is `end`."""
        for stream in (STDOUT, STDERR):
            if carry := b"".join(self._carry[stream]):
                time, text = stamp.split(carry)
                return Line(self._end, stream, time, text)
        return None

    def note(self, text: str, time: int = stamp.NONE) -> int:
        """Add a line of our own and return its id."""
        self._add(Batch(self._end, [text.encode()], bytes((NOTE,)), [time]))
        return self._end - 1

    def note_before(self, text: str, time: int) -> bool:
        """Add a line of our own before the newest lines that are not older than `time`.

        These get new ids, which `revision` says; False when older lines are sealed among them.
        """
        at = len(self._times)
        while at > 0 and self._times[at - 1] >= time:
            at -= 1
        if at == 0 and self._blocks:
            return False
        self._texts.insert(at, text.encode())
        self._streams.insert(at, NOTE)
        self._times.insert(at, time)
        self._end += 1
        self.revision += 1
        for listener in self._listeners:
            listener(Batch(self._open_first + at, [text.encode()], bytes((NOTE,)), [time]))
        return True

    def prepend(self, lines: Sequence[tuple[int, int, bytes]]) -> int:
        """Put older lines (stream, time, text) in front; returns how many there was room for."""
        lines = lines[max(0, len(lines) - self.room) :]
        for stop in range(len(lines), 0, -512):
            part = lines[max(0, stop - 512) : stop]
            texts = [text for _, _, text in part]
            batch = Batch(
                self._first - len(part), texts, bytes(s for s, _, _ in part), [t for _, t, _ in part]
            )
            block = _Block(batch, 0)
            block.pack()
            self._blocks.appendleft(block)
            self._stored += block.size
            self._first -= len(part)
        self._firsts = None
        return len(lines)

    def line(self, id: int) -> Line:
        if id >= self._open_first:
            index = id - self._open_first
            if index >= len(self._texts):
                raise KeyError(id)
            return Line(id, self._streams[index], self._times[index], self._texts[index])
        block = self._block(id)
        index = id - block.first
        return Line(id, block.streams[index], block.times[index], self._unpack(block)[index])

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        start, stop = max(start, self._first), min(stop, self._end)
        while start < min(stop, self._open_first):
            block = self._block(start)
            low, high = start - block.first, min(stop - block.first, block.count)
            texts = self._unpack(block)
            yield Batch(start, texts[low:high], block.streams[low:high], block.times[low:high])
            start = block.first + high
        if start < stop:
            low, high = start - self._open_first, stop - self._open_first
            yield Batch(start, self._texts[low:high], bytes(self._streams[low:high]), self._times[low:high])

    def find_time(self, ns: int) -> int:
        for block in self._blocks:
            if block.times and max(block.times) >= ns:
                return block.first + next(i for i, at in enumerate(block.times) if at >= ns)
        return next((self._open_first + i for i, at in enumerate(self._times) if at >= ns), self._end)

    def _flush(self, stream: int) -> None:
        if carry := b"".join(self._carry[stream]):
            self._carry[stream] = []
            self._carried[stream] = 0
            self._extend(stream, [carry])

    def _extend(self, stream: int, lines: list[bytes]) -> None:
        split = stamp.split
        pairs = [split(line) for line in lines]
        texts = [text[:-1] if text[-1:] == b"\r" else text for _, text in pairs]
        self._add(Batch(self._end, texts, bytes((stream,)) * len(lines), [time for time, _ in pairs]))

    def _add(self, batch: Batch) -> None:
        size = sum(map(len, batch.texts)) + 64 * len(batch.texts)
        now = self._clock()
        if self._texts and (self._open_bytes + size > BLOCK_BYTES or now - self._opened > BLOCK_SECONDS):
            self._seal()
        if not self._texts:
            self._opened = now
        self._texts += batch.texts
        self._streams += bytes(batch.streams)
        self._times += batch.times
        self._open_bytes += size
        self._end += len(batch.texts)
        self._trim()
        for listener in self._listeners:
            listener(batch)

    def _seal(self) -> None:
        block = _Block(Batch(self._open_first, self._texts, self._streams, self._times), self._open_bytes)
        self._blocks.append(block)
        self._stored += block.size
        self._firsts = None
        self._texts, self._streams, self._times = [], bytearray(), []
        self._open_bytes = 0
        self._open_first = self._end
        if len(self._blocks) > _PLAIN_BLOCKS:
            old = self._blocks[-_PLAIN_BLOCKS - 1]
            self._stored -= old.size
            old.pack()
            self._stored += old.size

    def _trim(self) -> None:
        while self._blocks and (self._end - self._first > self.max_lines or self.stored > self.max_bytes):
            block = self._blocks.popleft()
            self._stored -= block.size
            self._unpacked.pop(block.first, None)
            self._first = block.first + block.count
            self.dropped += block.count
            self._firsts = None

    def _block(self, id: int) -> _Block:
        if id < self._first:
            raise KeyError(id)
        if self._firsts is None:
            self._firsts = [block.first for block in self._blocks]
        return self._blocks[bisect_right(self._firsts, id) - 1]

    def _unpack(self, block: _Block) -> Sequence[bytes]:
        if block.texts is not None:
            return block.texts
        texts = self._unpacked.get(block.first)
        if texts is None:
            texts = self._unpacked[block.first] = block.unpack()
            if len(self._unpacked) > _UNPACKED_BLOCKS:
                self._unpacked.popitem(last=False)
        else:
            self._unpacked.move_to_end(block.first)
        return texts
