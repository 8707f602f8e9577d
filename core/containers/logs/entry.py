"""One record of a json-file log, and its shape on the API's stream; pure.

https://docs.docker.com/engine/logging/drivers/json-file/; the frame: API reference, "Attach to a container".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from urllib.parse import quote_plus

import msgspec

from ...units import parse_timestamp

STDOUT, STDERR = 1, 2
_FRAME = struct.Struct(">BxxxI")
_PIECE = 16 << 10
_STREAMS = {"stdout": STDOUT, "stderr": STDERR}


class Record(msgspec.Struct, frozen=True):
    """A line of the file. `log` ends in a newline but for a piece of a line longer than 16 KiB."""

    log: str
    stream: str
    time: str
    attrs: dict[str, str] | None = None


_decode = msgspec.json.Decoder(Record).decode


def decode(line: bytes) -> Record | None:
    """Read a line; None for what is no record (cut by a full disk or a truncation)."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def ends_line(line: bytes) -> bool:
    """Tell, without decoding, whether a record completes a line of output.

    What is shorter than a piece and has no newline was the last output of a process.
    """
    return len(line) < _PIECE or b'\\n","stream":"' in line


@dataclass(frozen=True, slots=True)
class Query:
    """What a client wants of a log. Times are nanoseconds (0: no bound); `tail` None is everything."""

    stdout: bool = True
    stderr: bool = True
    follow: bool = False
    since: int = 0
    until: int = 0
    timestamps: bool = False
    details: bool = False
    tail: int | None = None


@dataclass(slots=True)
class Formatter:
    """Turns records into chunks for one client.

    Invariant: `_open` holds the streams whose last piece did not end its line; such a line gets its
    timestamp and details once, at its beginning.
    """

    query: Query
    framed: bool
    passed_until: bool = False
    _open: set[int] = field(default_factory=set)

    def format(self, record: Record) -> bytes:
        """Return what the client gets of this record, b"" when it is not wanted."""
        query = self.query
        stream = _STREAMS.get(record.stream, STDOUT)
        if not (query.stdout if stream == STDOUT else query.stderr):
            return b""
        if (query.since or query.until) and not self._in_time(record):
            return b""
        text = record.log.encode()
        if query.timestamps or query.details:
            text = self._with_head(record, stream, text)
        return _FRAME.pack(stream, len(text)) + text if self.framed else text

    def _in_time(self, record: Record) -> bool:
        at = parse_timestamp(record.time)
        if self.query.until and at > self.query.until:
            self.passed_until = True
            return False
        return at >= self.query.since

    def _with_head(self, record: Record, stream: int, text: bytes) -> bytes:
        head = b""
        if stream not in self._open:
            if self.query.timestamps:
                head = _nine_digits(record.time).encode() + b" "
            if self.query.details:
                attributes = sorted((record.attrs or {}).items())
                head += ",".join(f"{_escape(k)}={_escape(v)}" for k, v in attributes).encode() + b" "
        complete = text.endswith(b"\n") or len(text) < _PIECE
        (self._open.discard if complete else self._open.add)(stream)
        return head + text


def _nine_digits(time: str) -> str:
    """Docker prints all nine digits, so that lines align; the file leaves trailing zeros out."""
    if not time.endswith("Z"):
        return time
    whole, _, fraction = time[:-1].partition(".")
    return f"{whole}.{fraction:0<9}Z"


def _escape(text: str) -> str:
    return quote_plus(text, safe="")
