"""Blobs on their way in: sessions, chunks in order, the digest at the end (distribution-spec, "Pushing")."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from ...digest import Digest, parse
from ...errors import Invalid
from ...schema.message import Request, Response
from .answers import Refused, empty
from .storage import Storage, hashed, is_name

_ID = re.compile(r"[0-9a-f]{32}")
_RANGE = re.compile(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?")


class Uploads:
    """All uploads of a registry."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._busy: set[str] = set()

    async def begin(self, name: str, request: Request) -> Response:
        """POST: a mount, a blob in one piece, or a new session."""
        mount = _text(request, "mount")
        if mount and self._mounted(name, mount, _text(request, "from")):
            return _created(name, Digest(mount))
        identity = secrets.token_hex(16)
        path = self._storage.upload(name, identity)
        path.touch(mode=0o600)
        wanted = _text(request, "digest")
        if not wanted:
            return self._state(name, identity, 202)
        return await self._finish(name, identity, wanted, request, cancel=True)

    def _mounted(self, name: str, digest: str, source: str) -> bool:
        try:
            wanted = parse(digest)
        except Invalid:
            return False
        if source and not is_name(source):
            return False
        found = self._storage.has_blob(source, wanted) if source else self._storage.has_content(wanted)
        if found:
            self._storage.touch(wanted)
            self._storage.link_blob(name, wanted)
        return found

    async def patch(self, name: str, identity: str, request: Request) -> Response:
        with self._held(identity):
            await self._append(self._path(name, identity), request)
            return self._state(name, identity, 202)

    async def put(self, name: str, identity: str, request: Request) -> Response:
        self._path(name, identity)
        return await self._finish(name, identity, _text(request, "digest"), request)

    def status(self, name: str, identity: str) -> Response:
        self._path(name, identity)
        return self._state(name, identity, 204)

    def cancel(self, name: str, identity: str) -> Response:
        with self._held(identity):
            self._path(name, identity).unlink()
        return empty(204)

    async def _finish(
        self, name: str, identity: str, wanted: str, request: Request, cancel: bool = False
    ) -> Response:
        with self._held(identity):
            path = self._path(name, identity)
            try:
                digest = parse(wanted)
            except Invalid:
                if cancel:
                    path.unlink()
                raise Refused("DIGEST_INVALID", wanted[:200]) from None
            await self._append(path, request)
            found = await asyncio.to_thread(hashed, path, digest.partition(":")[0])
            if found != digest:
                path.unlink()
                raise Refused("DIGEST_INVALID", f"content is {found}")
            await asyncio.to_thread(self._storage.adopt, path, digest)
            self._storage.link_blob(name, digest)
        return _created(name, digest)

    async def _append(self, path: Path, request: Request) -> None:
        """Add a body behind what is there; a client that breaks off finds what came in when it comes back."""
        size = path.stat().st_size
        wanted = request.headers.get("content-range", "")
        if wanted:
            length = request.headers.get("content-length", "")
            match = _RANGE.fullmatch(wanted)
            if match is None or int(match[1]) != size:
                raise Refused("BLOB_UPLOAD_INVALID", f"upload goes on at {size}, not {wanted[:50]}", 416)
            if length.isdigit() and int(length) != int(match[2]) - int(match[1]) + 1:
                raise Refused("SIZE_INVALID", f"{wanted[:50]} of {length} bytes", 416)
        assert not isinstance(request.body, bytes)
        await _write(path, request.body)

    def _path(self, name: str, identity: str) -> Path:
        if _ID.fullmatch(identity):
            path = self._storage.upload(name, identity)
            if path.exists():
                return path
        raise Refused("BLOB_UPLOAD_UNKNOWN")

    def _state(self, name: str, identity: str, status: int) -> Response:
        size = self._storage.upload(name, identity).stat().st_size
        return empty(
            status,
            location=f"/v2/{name}/blobs/uploads/{identity}",
            range=f"0-{max(size - 1, 0)}",
            docker_upload_uuid=identity,
        )

    @contextlib.contextmanager
    def _held(self, identity: str) -> Iterator[None]:
        if identity in self._busy:
            raise Refused("BLOB_UPLOAD_INVALID", "another request writes to this upload", 409)
        self._busy.add(identity)
        try:
            yield
        finally:
            self._busy.discard(identity)


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        async for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def _text(request: Request, name: str) -> str:
    values = request.query.get(name)
    return values[0] if values else ""


def _created(name: str, digest: Digest) -> Response:
    return empty(201, location=f"/v2/{name}/blobs/{digest}", docker_content_digest=digest, content_length="0")
