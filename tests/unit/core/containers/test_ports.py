from __future__ import annotations

import pytest

from pydock.core.containers.ports import check_host_port, in_range, normalize
from pydock.core.errors import Invalid


def test_ports_have_one_form() -> None:
    assert [normalize(p) for p in ("80", "80/TCP", "53/udp")] == ["80/tcp", "80/tcp", "53/udp"]


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "80/", "80/icmp", "-1"])
def test_nonsense_is_refused(port: str) -> None:
    with pytest.raises(Invalid):
        normalize(port)


def test_host_ports_may_be_ranges() -> None:
    for text in ("", "80", "8000-8010"):
        check_host_port(text)
    for text in ("x", "9-8", "70000", "1-"):
        with pytest.raises(Invalid):
            check_host_port(text)


@pytest.mark.parametrize(
    ("port", "wanted", "inside"),
    [
        ("8080/tcp", "8080", True),
        ("8080/udp", "8080", False),
        ("8080/udp", "8080/udp", True),
        ("8085/tcp", "8080-8090", True),
        ("8085/tcp", "8080-8084", False),
    ],
)
def test_filters_take_ranges(port: str, wanted: str, inside: bool) -> None:
    assert in_range(port, wanted) == inside
