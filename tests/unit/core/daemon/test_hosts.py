from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pydock.core.daemon import hosts
from pydock.core.daemon.settings import Settings
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "encrypted", "address"),
    [
        ("unix:///run/x.sock", True, hosts.Unix(Path("/run/x.sock"))),
        ("tcp://0.0.0.0:2376", True, hosts.Tcp("0.0.0.0", 2376)),
        ("tcp://0.0.0.0", True, hosts.Tcp("0.0.0.0", 2376)),
        ("tcp://127.0.0.1", False, hosts.Tcp("127.0.0.1", 2375)),
        ("tcp://[::1]:5", False, hosts.Tcp("::1", 5)),
        ("127.0.0.1:99", False, hosts.Tcp("127.0.0.1", 99)),
        ("tcp://:99", False, hosts.Tcp("localhost", 99)),
        ("fd://", True, hosts.Handed()),
    ],
)
def test_addresses(text: str, encrypted: bool, address: hosts.Address) -> None:
    assert hosts.parse(text, encrypted) == address


@pytest.mark.parametrize(
    "text",
    ["unix://relative", "npipe:////./pipe", "tcp://u@h:1", "tcp://h:x", "tcp://h:1/p", "fd://7", "://"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid, match="invalid address to listen on"):
        hosts.parse(text)


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({}, False),
        ({"tls": True}, False),
        ({"tlsverify": True}, True),
        ({"tls": True, "tlsverify": True}, True),
        ({"tls": False}, True),
        ({"tls": True, "tlsverify": False}, True),
        ({"tlsverify": False}, False),
    ],
)
def test_tcp_is_not_open_unless_somebody_said_so(said: dict[str, Any], allowed: bool) -> None:
    addresses: list[hosts.Address] = [hosts.Unix(Path("/x")), hosts.Tcp("127.0.0.1", 2375)]
    if allowed:
        hosts.check(addresses, Settings(**said))
    else:
        with pytest.raises(Invalid, match=r"refusing to listen on tcp://127\.0\.0\.1:2375"):
            hosts.check(addresses, Settings(**said))
    hosts.check(addresses[:1], Settings(**said))
