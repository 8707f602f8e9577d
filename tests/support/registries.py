"""Registries for tests: ours on a free loopback port, whose answers a test may change, and images in it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydock.core.digest import Digest, of
from pydock.core.registry.server.api import Registry
from pydock.core.registry.server.http import Server
from pydock.core.registry.server.storage import Storage
from pydock.core.registry.server.users import Users
from pydock.core.registry.settings import Settings
from pydock.core.schema import oci
from pydock.core.schema.message import Request, Response

AT_ONCE = Settings(back_off=(0.0, 0.0, 0.0), certificates=())
"""Settings for tests: tries again without waiting."""

Changed = Callable[[Request, Response], Awaitable[Response]]


@dataclass
class Served:
    """A running registry. `change` sees each request and answer, and returns the answer that is sent."""

    storage: Storage
    registry: Registry
    port: int = 0
    change: Changed | None = None
    requests: list[Request] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def handle(self, request: Request) -> Response:
        self.requests.append(request)
        response = await self.registry.handle(request)
        return response if self.change is None else await self.change(request, response)

    def count(self, method: str, part: str) -> int:
        return sum(request.method == method and part in request.path for request in self.requests)

    def put_blob(self, name: str, data: bytes) -> Digest:
        digest = of(data)
        self.storage.write(data, digest)
        self.storage.link_blob(name, digest)
        return digest

    def put_manifest(
        self, name: str, tag: str, data: bytes, media_type: str = oci.MEDIA_OCI_MANIFEST
    ) -> Digest:
        digest = of(data)
        self.storage.write(data, digest)
        self.storage.link_manifest(name, digest, media_type)
        if tag:
            self.storage.tag(name, tag, digest)
        return digest

    def put_image(
        self,
        name: str,
        tag: str,
        layers: Sequence[bytes],
        config: Mapping[str, Any] | None = None,
        manifest: Mapping[str, Any] | None = None,
        kind: str = "+gzip",
        compress: Callable[[bytes], bytes] = lambda data: gzip.compress(data, 1, mtime=0),
    ) -> Digest:
        """Put an image of uncompressed layer tars there; returns its manifest's digest."""
        blobs = [compress(layer) for layer in layers]
        described = {
            "architecture": "amd64",
            "os": "linux",
            "created": "2024-01-02T03:04:05Z",
            "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [of(layer) for layer in layers]},
            **(config or {}),
        }
        data = json.dumps(described).encode()
        self.put_blob(name, data)
        body = {
            "schemaVersion": 2,
            "mediaType": oci.MEDIA_OCI_MANIFEST,
            "config": {
                "mediaType": oci.MEDIA_OCI_CONFIG,
                "digest": self.put_blob(name, data),
                "size": len(data),
            },
            "layers": [
                {
                    "mediaType": oci.MEDIA_OCI_LAYER + kind,
                    "digest": self.put_blob(name, blob),
                    "size": len(blob),
                }
                for blob in blobs
            ],
            **(manifest or {}),
        }
        return self.put_manifest(name, tag, json.dumps(body).encode())

    def put_index(
        self, name: str, tag: str, entries: Sequence[Mapping[str, Any]], media_type: str = oci.MEDIA_OCI_INDEX
    ) -> Digest:
        """Put an index there; each entry has at least a digest."""
        manifests = [
            {
                "mediaType": oci.MEDIA_OCI_MANIFEST,
                "size": self.storage.content(entry["digest"]).stat().st_size,
                **entry,
            }
            for entry in entries
        ]
        body = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
        return self.put_manifest(name, tag, json.dumps(body).encode(), media_type)


@contextlib.asynccontextmanager
async def registry(root: Path, users: Users | None = None) -> AsyncIterator[Served]:
    """Serve a registry of ours from a directory."""
    storage = Storage(root)
    served = Served(storage, Registry(storage, users))
    async with listening(served.handle) as port:
        served.port = port
        yield served


@contextlib.asynccontextmanager
async def listening(handle: Callable[[Request], Awaitable[Response]]) -> AsyncIterator[int]:
    """Answer requests on a free loopback port."""
    async with Server(handle) as server:
        yield await server.listen("127.0.0.1", 0)


def cut(data: bytes, after: int) -> AsyncIterator[bytes]:
    """A body that breaks off: the connection is closed behind `after` bytes."""

    async def chunks() -> AsyncIterator[bytes]:
        yield data[:after]
        await asyncio.sleep(0)
        raise ConnectionResetError("cut by the test")

    return chunks()


def noise(size: int, seed: str = "") -> bytes:
    """Bytes that don't compress, the same each time."""
    return hashlib.shake_128(seed.encode()).digest(size)
