"""Which engine a face talks to."""

from __future__ import annotations

import pytest

from pydock.core.client.connect import chosen_host, transport_for
from pydock.core.errors import Invalid, Unsupported


@pytest.mark.parametrize(
    ("host", "environment", "chosen"),
    [
        (None, {}, None),
        (None, {"DOCKER_HOST": "unix:///d"}, "unix:///d"),
        (None, {"DOCKER_HOST": "unix:///d", "PYDOCK_HOST": "unix:///p"}, "unix:///p"),
        (None, {"DOCKER_HOST": "unix:///d", "PYDOCK_HOST": "embedded"}, None),
        ("unix:///h", {"PYDOCK_HOST": "unix:///p"}, "unix:///h"),
        ("embedded", {"DOCKER_HOST": "unix:///d"}, None),
    ],
)
def test_the_most_particular_wish_wins(
    host: str | None, environment: dict[str, str], chosen: str | None
) -> None:
    assert chosen_host(host, environment) == chosen


async def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(Invalid):
        transport_for("carrier-pigeon://roof")
    with pytest.raises(Unsupported):
        transport_for("ssh://host")
