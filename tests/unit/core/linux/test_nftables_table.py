from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.linux.netlink.wire import attributes, each_attribute
from pydock.core.linux.nftables.table import Bridge, table_messages

NEWSETELEM = 10 << 8 | 12
DELTABLE = 10 << 8 | 2


def elements(bridges: list[Bridge]) -> dict[str, list[tuple[bytes, bool]]]:
    """The keys that the transaction puts into each set, with the mark of an interval's end."""
    found: dict[str, list[tuple[bytes, bool]]] = {}
    for message in table_messages(bridges):
        if message.type == NEWSETELEM:
            fields = attributes(message.body[4:])
            name = fields[2].rstrip(b"\0").decode()
            for _kind, one in each_attribute(fields[3]):
                parts = attributes(one)
                found.setdefault(name, []).append((attributes(parts[1])[1], 3 in parts))
    return found


def test_transaction_deletes_no_table() -> None:
    assert all(message.type != DELTABLE for message in table_messages([]))


def test_no_bridges_leave_all_sets_empty() -> None:
    assert elements([]) == {}


def test_bridges_are_in_the_sets_of_their_kind() -> None:
    found = elements(
        [
            Bridge("open", ("10.1.0.0/16",)),
            Bridge("inner", ("10.3.0.0/16",), internal=True),
            Bridge("routed", ("10.5.0.0/16", "fd00::/64"), masquerade=False, routed=True),
        ]
    )
    assert len(found["bridges"]) == 3
    assert found["internal"] == [(b"inner".ljust(16, b"\0"), False)]
    assert found["masq4"] == [(bytes([10, 1, 0, 0]), False), (bytes([10, 2, 0, 0]), True)]
    assert (bytes([10, 5, 0, 0]), False) not in found["closed4"]
    assert (bytes([10, 5, 0, 0]), False) in found["nets4"]
    assert "closed6" not in found


@pytest.mark.parametrize(
    ("subnets", "ranges"),
    [
        (("10.0.0.0/9", "10.128.0.0/9"), [("10.0.0.0", "11.0.0.0")]),
        (("10.0.0.0/8", "10.5.0.0/16"), [("10.0.0.0", "11.0.0.0")]),
        (("128.0.0.0/1",), [("128.0.0.0", "")]),
    ],
)
def test_touching_and_overlapping_subnets_become_one_range(
    subnets: tuple[str, ...], ranges: list[tuple[str, str]]
) -> None:
    expected = []
    for first, beyond in ranges:
        expected.append((ip_network(first).network_address.packed, False))
        expected += [(ip_network(beyond).network_address.packed, True)] if beyond else []
    assert elements([Bridge("b", subnets)])["nets4"] == expected


@given(st.sets(st.integers(0, 255), min_size=1, max_size=30))
def test_ranges_cover_exactly_the_subnets(numbers: set[int]) -> None:
    bridges = [Bridge(f"b{number}", (f"10.0.{number}.0/24",)) for number in numbers]
    keys = elements(bridges)["nets4"]
    assert keys == sorted(keys)
    covered = set()
    for (first, opened), (beyond, closed) in zip(keys[::2], keys[1::2], strict=True):
        assert (opened, closed) == (False, True)
        start, end = (int.from_bytes(one, "big") for one in (first, beyond))
        covered |= {(number >> 8) & 255 for number in range(start, end, 256)}
    assert covered == numbers
