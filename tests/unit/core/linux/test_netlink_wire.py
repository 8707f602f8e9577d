from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from pydock.core.linux.netlink import wire


@given(st.lists(st.tuples(st.integers(1, 0x3FFF), st.binary(max_size=40))))
def test_attributes_come_back_in_order(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(wire.attribute(kind, payload) for kind, payload in pairs)
    assert len(data) % 4 == 0
    assert list(wire.each_attribute(data)) == pairs


@given(st.binary(max_size=200))
def test_any_bytes_decode_without_error(data: bytes) -> None:
    for _ in wire.each_attribute(data):
        pass
    for _ in wire.decode(data):
        pass


def test_nested_flag_is_not_part_of_the_kind() -> None:
    inner = wire.text(3, "eth0")
    data = wire.nested(18, inner)
    assert struct.unpack_from("=H", data, 2)[0] == 18 | wire.NLA_F_NESTED
    assert wire.attributes(wire.attributes(data)[18]) == {3: b"eth0\0"}


def test_numbers_have_the_byte_order_of_their_family() -> None:
    assert wire.attributes(wire.be32(1, 258)) == {1: b"\0\0\1\2"}
    assert wire.attributes(wire.u32(1, 258)) == {1: struct.pack("=I", 258)}


def test_messages_come_back() -> None:
    messages = [wire.Message(16, 5, b"abc"), wire.Message(17, 1, b"")]
    data = b"".join(wire.encode(one, at).ljust(20, b"\0") for at, one in enumerate(messages))
    assert [(kind, flags, at, body) for kind, flags, at, body in wire.decode(data)] == [
        (16, 5, 0, b"abc"),
        (17, 1, 1, b""),
    ]
