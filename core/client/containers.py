"""Containers, through the API."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from ..errors import Invalid
from ..schema import wire
from ..schema.containers import (
    Change,
    ContainerInspect,
    ContainersPruneResponse,
    ContainerSummary,
    CreateRequest,
    CreateResponse,
    PathStat,
    Top,
    UpdateRequest,
    UpdateResponse,
    WaitResponse,
)
from ..schema.message import Body
from ..schema.stats import Stats
from .attachment import Attachment
from .caller import Caller, Query, Wanted, chunks, encode_filters, frames


class Containers:
    """`Client.containers`. A container is named by id, unique beginning of an id, or name."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def create(
        self, config: CreateRequest, name: str | None = None, platform: str | None = None
    ) -> CreateResponse:
        """Make a container; raises NotFound for the image, Conflict for the name."""
        query = {"name": name, "platform": platform}
        return await self._caller.read(CreateResponse, "POST", "/containers/create", query, config)

    async def start(self, id: str, detach_keys: str | None = None) -> None:
        """Start it; raises NotModified when it runs, StartFailed when its program can't."""
        await self._caller.do("POST", _path(id, "start"), {"detachKeys": detach_keys})

    async def stop(self, id: str, signal: str | None = None, timeout: int | None = None) -> None:
        """Signal it, wait `timeout` seconds (-1 for ever), kill it; raises NotModified when it is stopped."""
        await self._caller.do("POST", _path(id, "stop"), {"signal": signal, "t": timeout})

    async def restart(self, id: str, signal: str | None = None, timeout: int | None = None) -> None:
        await self._caller.do("POST", _path(id, "restart"), {"signal": signal, "t": timeout})

    async def kill(self, id: str, signal: str | None = None) -> None:
        """Send a signal (SIGKILL); raises Conflict when it does not run."""
        await self._caller.do("POST", _path(id, "kill"), {"signal": signal})

    async def pause(self, id: str) -> None:
        await self._caller.do("POST", _path(id, "pause"))

    async def unpause(self, id: str) -> None:
        await self._caller.do("POST", _path(id, "unpause"))

    async def rename(self, id: str, name: str) -> None:
        await self._caller.do("POST", _path(id, "rename"), {"name": name})

    async def update(self, id: str, request: UpdateRequest) -> UpdateResponse:
        return await self._caller.read(UpdateResponse, "POST", _path(id, "update"), None, request)

    async def remove(self, id: str, force: bool = False, volumes: bool = False, link: bool = False) -> None:
        """Remove it, with its anonymous volumes when `volumes`; raises Conflict unless `force`d."""
        await self._caller.do(
            "DELETE", f"/containers/{_checked(id)}", {"force": force, "v": volumes, "link": link}
        )

    async def wait(self, id: str, condition: str = "not-running") -> WaitResponse:
        """Wait for `not-running`, `next-exit` or `removed`."""
        return await self._caller.read(WaitResponse, "POST", _path(id, "wait"), {"condition": condition})

    @contextlib.asynccontextmanager
    async def waiting(self, id: str, condition: str) -> AsyncIterator[PendingWait]:
        """Register a wait before what it waits for can happen; the answer's headers say that it is there."""
        response = await self._caller.call("POST", _path(id, "wait"), {"condition": condition})
        body = chunks(response.body)
        try:
            yield PendingWait(body)
        finally:
            await body.aclose()

    async def inspect(self, id: str, size: bool = False) -> ContainerInspect:
        return await self._caller.read(ContainerInspect, "GET", _path(id, "json"), {"size": size})

    async def inspect_raw(self, id: str, size: bool = False) -> bytes:
        """Return the JSON as the engine wrote it, with fields that this client does not know."""
        return await self._caller.text(_path(id, "json"), {"size": size})

    async def logs(
        self,
        id: str,
        follow: bool = False,
        stdout: bool = True,
        stderr: bool = True,
        since: str | None = None,
        until: str | None = None,
        timestamps: bool = False,
        tail: str | int | None = None,
        details: bool = False,
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        """Yield (1 stdout | 2 stderr, bytes); `since`, `until` as unix seconds or RFC 3339; `tail` lines."""
        query = {
            "follow": follow,
            "stdout": stdout,
            "stderr": stderr,
            "since": since,
            "until": until,
            "timestamps": timestamps,
            "tail": tail,
            "details": details,
        }
        response = await self._caller.call("GET", _path(id, "logs"), query)
        multiplexed = not await self._is_raw(id, response.headers.get("content-type", ""))
        async with contextlib.aclosing(frames(response.body, multiplexed)) as parts:
            async for part in parts:
                yield part

    async def attach(
        self,
        id: str,
        stdin: bool = True,
        stdout: bool = True,
        stderr: bool = True,
        stream: bool = True,
        logs: bool = False,
        detach_keys: str | None = None,
    ) -> Attachment:
        """Take the container's terminal or pipes; `logs` plays its log first."""
        query = {
            "stdin": stdin,
            "stdout": stdout,
            "stderr": stderr,
            "stream": stream,
            "logs": logs,
            "detachKeys": detach_keys,
        }
        upgraded = await self._caller.upgrade(_path(id, "attach"), query)
        return Attachment(upgraded.stream, await self._is_raw(id, upgraded.content_type))

    async def _is_raw(self, id: str, content_type: str) -> bool:
        multiplexed = await self._caller.is_multiplexed(content_type)
        if multiplexed is not None:
            return not multiplexed
        return (await self.inspect(id)).config.tty

    async def resize(self, id: str, rows: int, cols: int) -> None:
        await self._caller.do("POST", _path(id, "resize"), {"h": rows, "w": cols})

    async def top(self, id: str, ps_args: str | None = None) -> Top:
        return await self._caller.read(Top, "GET", _path(id, "top"), {"ps_args": ps_args})

    def stats(self, id: str, stream: bool = True, one_shot: bool = False) -> AsyncGenerator[Stats, None]:
        """Yield the usage, about once a second, or once; `one_shot` does not wait for a first cpu sample."""
        query = {"stream": "1" if stream else "0", "one-shot": one_shot}
        return self._caller.records(Stats, "GET", _path(id, "stats"), query)

    async def stats_all(self, ids: Sequence[str]) -> dict[str, Stats]:
        """Return the usage of several containers in one call (pydock's own endpoint), without those gone."""
        return await self._caller.read(dict[str, Stats], "GET", "/pydock/stats", {"ids": ",".join(ids)})

    async def changes(self, id: str) -> list[Change]:
        """Return what differs from the image."""
        answer = await self._caller.text(_path(id, "changes"))
        return [] if answer.strip() == b"null" else wire.decode(answer, list[Change])

    def export(self, id: str) -> AsyncGenerator[bytes, None]:
        """Yield the root file system as a tar."""
        return self._caller.raw(_path(id, "export"))

    async def stat_path(self, id: str, path: str) -> PathStat:
        response = await self._caller.call("HEAD", _path(id, "archive"), {"path": path})
        return _path_stat(response.headers.get("x-docker-container-path-stat", ""))

    async def get_archive(self, id: str, path: str) -> tuple[PathStat, AsyncGenerator[bytes, None]]:
        """Return a path of the container as a tar."""
        response = await self._caller.call("GET", _path(id, "archive"), {"path": path})
        return _path_stat(response.headers.get("x-docker-container-path-stat", "")), chunks(response.body)

    async def put_archive(
        self, id: str, path: str, archive: Body, no_overwrite: bool = False, copy_owner: bool = False
    ) -> None:
        """Unpack a tar into a directory of the container."""
        query: Query = {"path": path, "noOverwriteDirNonDir": no_overwrite, "copyUIDGID": copy_owner}
        await self._caller.do("PUT", _path(id, "archive"), query, archive)

    async def commit(
        self,
        id: str,
        repo: str = "",
        tag: str = "",
        comment: str = "",
        author: str = "",
        pause: bool = True,
        changes: Sequence[str] = (),
    ) -> str:
        """Make an image of the container and return its id."""
        query = {
            "container": id,
            "repo": repo or None,
            "tag": tag or None,
            "comment": comment or None,
            "author": author or None,
            "pause": "1" if pause else "0",
            "changes": list(changes) or None,
        }
        return (await self._caller.read(CreateResponse, "POST", "/commit", query, {})).id

    async def prune(self, filters: Wanted = None) -> ContainersPruneResponse:
        query = {"filters": encode_filters(filters)}
        return await self._caller.read(ContainersPruneResponse, "POST", "/containers/prune", query)

    # Last, for its name hides the type.
    async def list(
        self, all: bool = False, filters: Wanted = None, limit: int | None = None, size: bool = False
    ) -> list[ContainerSummary]:
        """Return the running containers, or all of them, newest first."""
        query = {"all": all, "limit": limit, "size": size, "filters": encode_filters(filters)}
        return await self._caller.read(list[ContainerSummary], "GET", "/containers/json", query)


class PendingWait:
    """A wait that the engine knows of; `result` may be awaited once."""

    def __init__(self, body: AsyncGenerator[bytes, None]) -> None:
        self._body = body

    async def result(self) -> WaitResponse:
        return wire.decode(b"".join([part async for part in self._body]), WaitResponse)


def _checked(id: str) -> str:
    if not id:
        raise Invalid("invalid container name or ID: value is empty")
    return id


def _path(id: str, verb: str) -> str:
    return f"/containers/{_checked(id)}/{verb}"


def _path_stat(header: str) -> PathStat:
    return wire.decode(base64.b64decode(header), PathStat)
