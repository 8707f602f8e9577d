"""The engine itself, through the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..schema.events import Event
from ..schema.system import DiskUsage, Info, Ping, Version
from .caller import Caller, Wanted, encode_filters, read_all


class System:
    """`Client.system`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def version(self) -> Version:
        return await self._caller.read(Version, "GET", "/version")

    async def info(self) -> Info:
        return await self._caller.read(Info, "GET", "/info")

    async def info_raw(self) -> bytes:
        """Return the JSON as the engine wrote it."""
        return await self._caller.text("/info")

    async def ping(self) -> Ping:
        response = await self._caller.call("GET", "/_ping")
        await read_all(response.body)
        headers = response.headers
        return Ping(
            api_version=headers.get("api-version", ""),
            os_type=headers.get("ostype", "linux"),
            builder_version=headers.get("builder-version", ""),
            experimental=headers.get("docker-experimental") == "true",
            server=headers.get("server", ""),
        )

    def events(
        self, since: str | None = None, until: str | None = None, filters: Wanted = None
    ) -> AsyncGenerator[Event, None]:
        """Yield events for ever, or up to `until`; times as unix seconds or RFC 3339."""
        query = {"since": since, "until": until, "filters": encode_filters(filters)}
        return self._caller.records(Event, "GET", "/events", query)

    async def df(self) -> DiskUsage:
        return await self._caller.read(DiskUsage, "GET", "/system/df")
