"""A container's output as lines of Docker's json-file format; pure.

`{"log":"line\\n","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}`: escapes as moby's
daemon/logger/jsonfilelog/jsonlog writes them, lines of more than 16 KiB in pieces as daemon/logger/copier.go
cuts them (only the last piece ends in \\n, all carry the time of the first).
"""

from __future__ import annotations

import codecs
import json
import time

PIECE = 16 << 10
_SPECIAL = b'"\\<>&\r'
_SAFE = bytes(n for n in range(0x20, 0x80) if n not in _SPECIAL) + b"\n"
# The backslash comes first, so that it doesn't escape the escapes.
_ESCAPES: dict[int, bytes] = {
    ord("\\"): b"\\\\",
    **{n: b"\\u%04x" % n for n in range(0x20) if n != 0x0A},
    **{n: b"\\u%04x" % n for n in b"<>&"},
    ord('"'): b'\\"',
    ord("\r"): b"\\r",
}
_SEPARATORS = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def _replacement(error: UnicodeError) -> tuple[bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    return b"\\ufffd" * (error.end - error.start), error.end


codecs.register_error("pydock.json-file", _replacement)


def escape(text: bytes) -> bytes:
    """Escape the inside of a JSON string as Go does, but leave newlines alone.

    Each byte that isn't UTF-8 becomes the escape of U+FFFD.
    """
    odd = text.translate(None, _SAFE)
    if not odd:
        return text
    kinds = set(odd)
    for byte, escaped in _ESCAPES.items():
        if byte in kinds:
            text = text.replace(bytes((byte,)), escaped)
    if max(kinds) < 0x80:
        return text
    try:
        text.decode()
    except UnicodeDecodeError:
        text = text.decode(errors="surrogateescape").encode(errors="pydock.json-file")
    for separator, escaped in _SEPARATORS:
        text = text.replace(separator, escaped)
    return text


def timestamp(ns: int) -> bytes:
    """RFC 3339 in UTC with up to nine digits, without trailing zeros (Go's RFC3339Nano)."""
    seconds, fraction = divmod(ns, 1_000_000_000)
    y, mo, d, h, mi, s, *_ = time.gmtime(seconds)
    digits = (b".%09d" % fraction).rstrip(b"0") if fraction else b""
    return b"%04d-%02d-%02dT%02d:%02d:%02d%sZ" % (y, mo, d, h, mi, s, digits)


class JsonLines:
    """One stream (stdout or stderr) on its way into records.

    Lines of one chunk carry the same time. What is after the last newline waits for the next chunk.
    """

    def __init__(self, stream: str, attributes: tuple[tuple[str, str], ...] = ()) -> None:
        attrs = ""
        if attributes:
            attrs = '"attrs":' + json.dumps(dict(attributes), separators=(",", ":"), ensure_ascii=False) + ","
        self._middle = f'","stream":"{stream}",{attrs}"time":"'.encode()
        self._rest = b""
        self._piece_time = b""

    def feed(self, chunk: bytes, now: int) -> bytes:
        """Return the records that this chunk completes."""
        text = self._rest + chunk if self._rest else chunk
        end = text.rfind(b"\n") + 1
        records = self._lines(text[:end], now) if end else b""
        rest = text[end:]
        while len(rest) >= PIECE:
            records += self._piece(rest[:PIECE], now)
            rest = rest[PIECE:]
        self._rest = rest
        return records

    def finish(self, now: int) -> bytes:
        """Return the record of what came after the last newline, at the end of the stream."""
        rest, self._rest = self._rest, b""
        record = self._piece(rest, now) if rest else b""
        self._piece_time = b""
        return record

    def _lines(self, text: bytes, now: int) -> bytes:
        """Turn whole lines into records; with no long line among them that is one pass in C."""
        if self._piece_time or _has_long_line(text):
            return self._one_by_one(text, now)
        between = b'\\n%s%s"}\n{"log":"' % (self._middle, timestamp(now))
        return (b'{"log":"' + escape(text).replace(b"\n", between))[:-8]

    def _one_by_one(self, text: bytes, now: int) -> bytes:
        records: list[bytes] = []
        for line in text[:-1].split(b"\n"):
            while len(line) >= PIECE:
                records.append(self._piece(line[:PIECE], now))
                line = line[PIECE:]
            at = self._piece_time or timestamp(now)
            self._piece_time = b""
            records.append(b'{"log":"%s\\n%s%s"}\n' % (escape(line), self._middle, at))
        return b"".join(records)

    def _piece(self, piece: bytes, now: int) -> bytes:
        self._piece_time = self._piece_time or timestamp(now)
        return b'{"log":"%s%s%s"}\n' % (escape(piece), self._middle, self._piece_time)


def _has_long_line(text: bytes) -> bool:
    """Tell whether a line (without its newline) has 16 KiB or more, looking only once per 16 KiB."""
    start, end = 0, len(text)
    while end - start > PIECE:
        newline = text.rfind(b"\n", start, start + PIECE)
        if newline < 0:
            return True
        start = newline + 1
    return False
