"""What needs no kernel: records, and containers on networks without links."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.core.config import Config
from pydock.core.errors import Forbidden, Invalid, NotFound
from pydock.core.filters import Filters
from pydock.core.networks import Networks
from pydock.core.schema.networks import EndpointSettings
from pydock.core.state.events import Events
from pydock.core.state.store import Store


class Silent:
    def ring(self, payload: bytes) -> None:
        pass


def opened(store: Store) -> Networks:
    networks = Networks(store, Events(store, Silent()), Config())
    networks.ensure()
    return networks


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as store:
        yield store


async def test_every_engine_sees_the_same_three_networks(store: Store) -> None:
    first = opened(store)
    ids = {network.id for network in await first.list()}
    with Store(store.path) as other:
        assert {network.id for network in await opened(other).list()} == ids
    assert {network.name for network in await first.list()} == {"bridge", "host", "none"}
    assert [one.name for one in await first.list(Filters({"driver": ("null",)}))] == ["none"]


async def test_container_without_links_is_shown_and_freed(store: Store) -> None:
    networks = opened(store)
    got = await networks.connect("c" * 64, "web", "none", {})
    assert got.network.mode == "private"
    assert list((await networks.inspect("none")).containers) == ["c" * 64]
    assert got.endpoints["none"].network_id == networks.get("none").id
    await networks.disconnect("c" * 64)
    await networks.disconnect("c" * 64)
    assert (await networks.inspect("none")).containers == {}


async def test_second_start_replaces_the_first_ones_place(store: Store) -> None:
    networks = opened(store)
    for _ in range(2):
        await networks.connect("c" * 64, "web", "host", {})
    assert len((await networks.inspect("host")).containers) == 1


async def test_what_is_not_there_or_may_not_be(store: Store) -> None:
    networks = opened(store)
    with pytest.raises(NotFound, match=r"^network back not found$"):
        networks.get("back")
    with pytest.raises(NotFound):
        await networks.connect("c" * 64, "web", "back", {})
    with pytest.raises(Forbidden, match="pre-defined"):
        await networks.remove("none")
    with pytest.raises(Invalid, match="multiple networks"):
        await networks.connect(
            "c" * 64, "web", "host", {"host": EndpointSettings(), "bridge": EndpointSettings()}
        )
    assert (await networks.inspect("host")).containers == {}


async def test_connecting_is_told(store: Store) -> None:
    networks = opened(store)
    following = Events(store, Silent()).subscribe(since=1, until=2**61)
    await networks.connect("c" * 64, "web", "none", {})
    await networks.disconnect("c" * 64)
    async with asyncio.timeout(5):
        told = [await anext(following) for _ in range(2)]
    assert [event.action for event in told] == ["connect", "disconnect"]
    assert told[0].actor.attributes == {"name": "none", "type": "null", "container": "c" * 64}
