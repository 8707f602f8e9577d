"""A file into a blob: mounted, in one piece, or in chunks that go on after a break (spec, "Push")."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from ..digest import Digest
from ..errors import NotFound, Unavailable
from .repository import Repository
from .session import Ask

CHUNK = 16 << 20
_PIECE = 1 << 18

Told = Callable[[int], None]
"""Told how many bytes of the blob are sent."""


async def mount(repository: Repository, digest: Digest, source: str) -> bool:
    """Take a blob over from another repository of the registry; False when it has to be sent."""
    query = {"mount": digest, "from": source}
    ask = Ask("POST", f"{repository.root}/blobs/uploads/", repository.scope, query)
    answer = await repository.session.call(ask, 201, 202)
    if answer.status == 202 and (location := answer.headers.get("location")):
        # The registry opened an upload instead; it is not left lying there.
        await repository.session.call(Ask("DELETE", location, repository.scope), *_CANCELLED)
    return answer.status == 201


_CANCELLED = (200, 202, 204, 400, 404, 405)


async def send(
    repository: Repository,
    digest: Digest,
    path: Path,
    told: Told,
    back_off: Sequence[float],
    chunk: int = CHUNK,
) -> None:
    """Send a file as a blob; raises Unavailable when the last try failed."""
    upload = _Upload(repository, path, told, chunk)
    failures = 0
    while True:
        before = upload.sent
        try:
            await upload.go_on()
            await upload.finish(digest)
            return
        except (Unavailable, NotFound) as err:
            failures = 1 if upload.sent > before else failures + 1
            if failures > len(back_off):
                raise
            await asyncio.sleep(back_off[failures - 1])
            if isinstance(err, NotFound):
                if await repository.has_blob(digest):
                    # All of it arrived; only the answer was lost.
                    told(upload.size)
                    return
                upload.forget()


class _Upload:
    """One upload session. `sent` counts the bytes that the registry has."""

    def __init__(self, repository: Repository, path: Path, told: Told, chunk: int) -> None:
        self._repository = repository
        self._path = path
        self._told = told
        self._chunk = chunk
        self.size = path.stat().st_size
        self._location = ""
        self._broken = False
        self.sent = 0

    def forget(self) -> None:
        """The registry does not know the upload any more: begin again."""
        self._location, self.sent = "", 0

    async def go_on(self) -> None:
        """Send all but the last piece."""
        if not self._location:
            await self._begin()
        elif self._broken:
            await self._ask_where()
        self._broken = True
        while self.size - self.sent > self._chunk:
            await self._patch()
        self._broken = False

    async def finish(self, digest: Digest) -> None:
        """Send the last piece, which for a small blob is all of it, and name the digest."""
        self._broken = True
        length = self.size - self.sent
        headers = {"content-type": "application/octet-stream", "content-length": str(length)}
        if self.sent and length:
            headers["content-range"] = f"{self.sent}-{self.size - 1}"
        content = self._content(self.sent, length) if length else b""
        await self._call("PUT", {"digest": digest}, headers, content, 201, 204)
        self.sent = self.size
        self._told(self.size)

    async def _begin(self) -> None:
        self.sent = 0
        ask = Ask("POST", f"{self._repository.root}/blobs/uploads/", self._repository.scope)
        answer = await self._repository.session.call(ask, 202)
        self._moved(answer.headers.get("location", ""))
        least = answer.headers.get("oci-chunk-min-length", "")
        if least.isdigit():
            self._chunk = max(self._chunk, int(least))

    async def _ask_where(self) -> None:
        answer = await self._repository.session.call(
            Ask("GET", self._location, self._repository.scope), 204, 200
        )
        self._moved(answer.headers.get("location", ""))
        self.sent = _received(answer.headers.get("range", ""))
        if self.sent > self.size:
            self.forget()
            await self._begin()

    async def _patch(self) -> None:
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(self._chunk),
            "content-range": f"{self.sent}-{self.sent + self._chunk - 1}",
        }
        await self._call("PATCH", {}, headers, self._content(self.sent, self._chunk), 202, 204)
        self.sent += self._chunk
        self._told(self.sent)

    async def _call(
        self,
        method: str,
        query: dict[str, str],
        headers: dict[str, str],
        content: Callable[[], AsyncIterator[bytes]] | bytes,
        *expected: int,
    ) -> None:
        ask = Ask(method, self._location, self._repository.scope, query, headers, content)
        answer = await self._repository.session.call(ask, *expected)
        self._moved(answer.headers.get("location", ""))

    def _moved(self, location: str) -> None:
        if location:
            self._location = location
        if not self._location:
            raise Unavailable("the registry does not say where to send a blob")

    def _content(self, start: int, length: int) -> Callable[[], AsyncIterator[bytes]]:
        async def pieces() -> AsyncIterator[bytes]:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                position, end = start, start + length
                while data := os.pread(descriptor, min(_PIECE, end - position), position):
                    yield data
                    position += len(data)
                    self._told(position)
            finally:
                os.close(descriptor)

        return pieces


def _received(text: str) -> int:
    """Return how many bytes a `Range: 0-99` tells of; one byte and none look the same in old registries."""
    found = re.search(r"(\d+)-(\d+)", text)
    return int(found[2]) + 1 if found and int(found[2]) else 0
