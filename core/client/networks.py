"""Networks, through the API."""

from __future__ import annotations

from ..schema.networks import (
    EndpointSettings,
    NetworkConnectRequest,
    NetworkCreateRequest,
    NetworkCreateResponse,
    NetworkDisconnectRequest,
    NetworkInspect,
    NetworksPruneResponse,
)
from ..schema.topology import Topology
from .caller import Caller, Wanted, encode_filters


class Networks:
    """`Client.networks`. A network is named by id, unique beginning of an id, or name."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def inspect(self, name: str, verbose: bool = False) -> NetworkInspect:
        return await self._caller.read(NetworkInspect, "GET", f"/networks/{name}", {"verbose": verbose})

    async def inspect_raw(self, name: str, verbose: bool = False) -> bytes:
        """Return the JSON as the engine wrote it."""
        return await self._caller.text(f"/networks/{name}", {"verbose": verbose})

    async def create(self, request: NetworkCreateRequest) -> NetworkCreateResponse:
        return await self._caller.read(NetworkCreateResponse, "POST", "/networks/create", None, request)

    async def remove(self, name: str) -> None:
        await self._caller.do("DELETE", f"/networks/{name}")

    async def connect(self, name: str, container: str, endpoint: EndpointSettings | None = None) -> None:
        request = NetworkConnectRequest(container=container, endpoint_config=endpoint)
        await self._caller.do("POST", f"/networks/{name}/connect", None, request)

    async def disconnect(self, name: str, container: str, force: bool = False) -> None:
        request = NetworkDisconnectRequest(container=container, force=force)
        await self._caller.do("POST", f"/networks/{name}/disconnect", None, request)

    async def prune(self, filters: Wanted = None) -> NetworksPruneResponse:
        query = {"filters": encode_filters(filters)}
        return await self._caller.read(NetworksPruneResponse, "POST", "/networks/prune", query)

    async def topology(self) -> Topology:
        """Return who is attached to which network, and what reaches what (pydock's own endpoint)."""
        return await self._caller.read(Topology, "GET", "/pydock/topology")

    # Last, for its name hides the type.
    async def list(self, filters: Wanted = None) -> list[NetworkInspect]:
        query = {"filters": encode_filters(filters)}
        return await self._caller.read(list[NetworkInspect], "GET", "/networks", query)
