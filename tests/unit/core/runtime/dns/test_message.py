from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.runtime.dns import message
from pydock.core.runtime.dns.message import Malformed


def query(name: str, kind: int = message.A, flags: int = 0x0100, extra: bytes = b"") -> bytes:
    header = struct.pack("!6H", 4711, flags, 1, 0, 0, 1 if extra else 0)
    return header + message.encode_name(name) + struct.pack("!HH", kind, 1) + extra


EDNS = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)


def test_question_is_read_without_case() -> None:
    found = message.parse(query("Web.Back", message.AAAA))
    assert (found.id, found.name, found.type, found.size) == (4711, "web.back", message.AAAA, 512)
    assert message.parse(query("web", extra=EDNS)).size == 1232


def test_addresses_are_answered_under_the_questions_name() -> None:
    asked = message.parse(query("web"))
    reply = message.answer(asked, ["10.0.0.2", "10.0.0.3"])
    identity, flags, questions, answers, _, _ = struct.unpack_from("!6H", reply)
    assert (identity, flags, questions, answers) == (4711, 0x8180, 1, 2)
    assert reply.endswith(bytes([0xC0, 12, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 10, 0, 0, 3]))
    assert message.answers_to(asked, reply)


def test_pointer_is_answered_with_a_name() -> None:
    asked = message.parse(query("2.0.0.10.in-addr.arpa", message.PTR))
    assert message.answer(asked, names=["web.back"]).endswith(b"\3web\4back\0")


def test_long_answer_by_udp_asks_for_tcp() -> None:
    asked = message.parse(query("web"))
    reply = message.answer(asked, [f"10.0.0.{number}" for number in range(100)])
    short = message.shortened(asked, reply)
    assert len(short) <= 512
    assert struct.unpack_from("!H", short, 2)[0] & 0x0200
    assert message.shortened(asked, reply[:500]) == reply[:500]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", None),
        (query("web")[:11], None),
        (query("web", flags=0x8000), None),
        (query("web", flags=0x2800), message.NOTIMP),
        (query("web")[:-1], message.FORMERR),
        (query("web")[:12] + b"\xc0\x0c\0\1\0\1", message.FORMERR),
        (query("web")[:12] + b"\x3f", message.FORMERR),
        (query("web")[:12] + (b"\x3f" + b"a" * 63) * 5 + b"\0\0\1\0\1", message.FORMERR),
        (struct.pack("!6H", 1, 0, 2, 0, 0, 0) + query("web")[12:] * 2, message.FORMERR),
        (struct.pack("!6H", 1, 0, 0, 0, 0, 0), message.FORMERR),
    ],
)
def test_what_is_not_a_question(data: bytes, code: int | None) -> None:
    with pytest.raises(Malformed) as told:
        message.parse(data)
    assert told.value.code == code


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    code = None
    try:
        found = message.parse(data)
    except Malformed as err:
        code = err.code
    else:
        assert message.answers_to(found, message.answer(found, ["10.0.0.1"]))
    if code is not None:
        assert message.failure(data, code)[:2] == data[:2]


@given(st.binary(max_size=100), st.binary(max_size=300))
def test_changed_question_is_no_answer(name: bytes, reply: bytes) -> None:
    asked = message.parse(query("web.back"))
    if message.answers_to(asked, reply):
        assert reply[12:].lower().startswith(asked.question.lower())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("2.0.17.172.in-addr.arpa", "172.17.0.2"),
        ("17.172.in-addr.arpa", ""),
        ("a.0.17.172.in-addr.arpa", ""),
        ("256.0.17.172.in-addr.arpa", ""),
        ("2." + "0." * 29 + "d.f.ip6.arpa", "fd00::2"),
        ("x." + "0." * 29 + "d.f.ip6.arpa", ""),
        ("web", ""),
    ],
)
def test_reverse_names(name: str, address: str) -> None:
    assert message.address_of_pointer(name) == address
