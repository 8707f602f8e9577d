"""Volumes, through the API."""

from __future__ import annotations

from ..schema.volumes import Volume, VolumeCreateRequest, VolumeList, VolumesPruneResponse
from .caller import Caller, Wanted, encode_filters


class Volumes:
    """`Client.volumes`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def inspect(self, name: str) -> Volume:
        return await self._caller.read(Volume, "GET", f"/volumes/{name}")

    async def inspect_raw(self, name: str) -> bytes:
        """Return the JSON as the engine wrote it."""
        return await self._caller.text(f"/volumes/{name}")

    async def create(self, request: VolumeCreateRequest) -> Volume:
        return await self._caller.read(Volume, "POST", "/volumes/create", None, request)

    async def remove(self, name: str, force: bool = False) -> None:
        await self._caller.do("DELETE", f"/volumes/{name}", {"force": force})

    async def prune(self, filters: Wanted = None) -> VolumesPruneResponse:
        query = {"filters": encode_filters(filters)}
        return await self._caller.read(VolumesPruneResponse, "POST", "/volumes/prune", query)

    # Last, for its name hides the type.
    async def list(self, filters: Wanted = None) -> list[Volume]:
        query = {"filters": encode_filters(filters)}
        return (await self._caller.read(VolumeList, "GET", "/volumes", query)).volumes or []
