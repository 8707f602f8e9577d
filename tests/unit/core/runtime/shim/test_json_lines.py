"""The json-file encoder against a slow reading of moby's copier.go and jsonlogbytes.go."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.core.runtime.shim.json_lines import PIECE, JsonLines, timestamp

NOW = 1_700_000_000_123_456_789


def _go_string(text: bytes) -> bytes:
    """Write a string as ffjsonWriteJSONBytesAsString does, a rune at a time."""
    out, at = b"", 0
    while at < len(text):
        byte = text[at]
        if byte < 0x80:
            at += 1
            if byte in b'\\"':
                out += b"\\" + bytes((byte,))
            elif byte == 0x0A:
                out += b"\\n"
            elif byte == 0x0D:
                out += b"\\r"
            elif byte < 0x20 or byte in b"<>&":
                out += b"\\u%04x" % byte
            else:
                out += bytes((byte,))
            continue
        for size in (2, 3, 4):
            try:
                rune = text[at : at + size].decode()
            except UnicodeDecodeError:
                continue
            if len(rune) == 1 and len(rune.encode()) == size:
                out += b"\\u%04x" % ord(rune) if rune in "\u2028\u2029" else rune.encode()
                at += size
                break
        else:
            out += b"\\ufffd"
            at += 1
    return out


def _copier(data: bytes) -> list[bytes]:
    """Cut a whole output into the messages of copier.go."""
    messages: list[bytes] = []
    while data:
        newline = data.find(b"\n", 0, PIECE)
        if newline >= 0:
            messages.append(data[: newline + 1])
            data = data[newline + 1 :]
        else:
            messages.append(data[:PIECE])
            data = data[PIECE:]
    return messages


def _expected(data: bytes) -> bytes:
    tail = b'","stream":"stdout","time":"2023-11-14T22:13:20.123456789Z"}\n'
    return b"".join(b'{"log":"' + _go_string(message) + tail for message in _copier(data))


def _encode(*chunks: bytes) -> bytes:
    lines = JsonLines("stdout")
    return b"".join(lines.feed(chunk, NOW) for chunk in chunks) + lines.finish(NOW)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b"plain\n", b"plain\\n"),
        (b"no newline", b"no newline"),
        (b'tab\t "quoted" \\ <a> & b\n', b'tab\\u0009 \\"quoted\\" \\\\ \\u003ca\\u003e \\u0026 b\\n'),
        (b"\x1b[31mred\x7f\r\n", b"\\u001b[31mred\x7f\\r\\n"),
        ("é € 😀\n".encode(), "é € 😀\\n".encode()),
        ("a\u2028b\u2029\n".encode(), b"a\\u2028b\\u2029\\n"),
        (b"\xff\xe2\x82a\xed\xa0\x80\n", b"\\ufffd\\ufffd\\ufffda\\ufffd\\ufffd\\ufffd\\n"),
        ("real \ufffd\n".encode(), "real \ufffd\\n".encode()),
        (b"\n", b"\\n"),
    ],
)
def test_records_are_dockers(text: bytes, record: bytes) -> None:
    tail = b'","stream":"stdout","time":"2023-11-14T22:13:20.123456789Z"}\n'
    assert _encode(text) == b'{"log":"' + record + tail


_texts = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.sampled_from([b"\n", b"x" * PIECE, b"y" * (PIECE - 1), b"\n\n", "€".encode() * 6000]),
    ),
    max_size=8,
)


@given(_texts)
@settings(deadline=None)
def test_it_does_not_matter_how_output_is_cut_into_chunks(chunks: list[bytes]) -> None:
    assert _encode(*chunks) == _expected(b"".join(chunks))


@given(st.binary())
def test_every_record_is_json(data: bytes) -> None:
    for line in _encode(data).splitlines():
        json.loads(line)


def test_pieces_of_one_line_carry_the_time_of_the_first() -> None:
    lines = JsonLines("stderr")
    first = lines.feed(b"x" * PIECE, NOW)
    rest = lines.feed(b"y\nz\n", NOW + 5_000_000_000)
    times = [json.loads(line)["time"] for line in (first + rest).splitlines()]
    assert times == ["2023-11-14T22:13:20.123456789Z"] * 2 + ["2023-11-14T22:13:25.123456789Z"]


def test_attributes_stand_before_the_time() -> None:
    record = JsonLines("stdout", (("env", "prod"),)).feed(b"a\n", 1_700_000_000_000_000_000)
    assert (
        record == b'{"log":"a\\n","stream":"stdout","attrs":{"env":"prod"},"time":"2023-11-14T22:13:20Z"}\n'
    )


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, b"1970-01-01T00:00:00Z"),
        (1, b"1970-01-01T00:00:00.000000001Z"),
        (1_500_000_000, b"1970-01-01T00:00:01.5Z"),
        (NOW, b"2023-11-14T22:13:20.123456789Z"),
    ],
)
def test_times_are_rfc3339_without_trailing_zeros(ns: int, text: bytes) -> None:
    assert timestamp(ns) == text
