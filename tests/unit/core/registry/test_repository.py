"""Tests of a repository's manifests and tags."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core.digest import of
from pydock.core.errors import Invalid, NotFound, Unsupported
from pydock.core.registry.repository import Repository
from pydock.core.registry.session import connect
from pydock.core.schema import oci
from pydock.core.schema.message import Request, Response
from support.registries import AT_ONCE, Served, registry

MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": oci.MEDIA_OCI_INDEX, "manifests": []}).encode()


@contextlib.asynccontextmanager
async def served(root: Path) -> AsyncIterator[tuple[Served, Repository]]:
    async with registry(root) as server:
        server.put_manifest("a/b", "latest", MANIFEST, oci.MEDIA_OCI_INDEX)
        async with connect(server.domain, None, AT_ONCE) as session:
            yield server, Repository(session, "a/b", push=True)


async def test_a_manifest_is_found_by_tag_and_by_digest(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, repository):
        by_tag = await repository.manifest("latest", 1000)
        assert by_tag.data == MANIFEST
        assert by_tag == await repository.manifest(of(MANIFEST), 1000)
        assert await repository.manifest_digest("latest") == of(MANIFEST)
        assert await repository.manifest_digest("other") is None
        with pytest.raises(NotFound, match="manifest unknown"):
            await repository.manifest("other", 1000)


async def test_a_manifest_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, repository):
        with pytest.raises(Invalid, match="larger than"):
            await repository.manifest("latest", len(MANIFEST) - 1)


@pytest.mark.parametrize("reference", ["latest", of(MANIFEST)])
async def test_a_manifest_with_another_digest_is_refused(tmp_path: Path, reference: str) -> None:
    async def change(request: Request, response: Response) -> Response:
        return Response(response.status, response.headers, MANIFEST + b" ")

    async with served(tmp_path) as (server, repository):
        server.change = change
        with pytest.raises(Invalid, match="wrong digest"):
            await repository.manifest(reference, 1000)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b'{"schemaVersion": 1, "name": "a/b"}', "application/json"),
        (b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    ],
)
async def test_schema_1_is_refused_by_name(tmp_path: Path, body: bytes, media_type: str) -> None:
    async with served(tmp_path) as (server, repository):
        server.put_manifest("a/b", "old", body, media_type)
        with pytest.raises(Unsupported, match="schema 1"):
            await repository.manifest("old", 1000)


async def test_all_pages_of_tags_are_read(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, repository):
        for number in range(2500):
            (server.storage.root / f"repositories/a/b/_tags/t{number}").write_text(of(MANIFEST))
        assert len(await repository.tags()) == 2501
        assert server.count("GET", "/tags/list") == 3


async def test_a_manifest_is_put_under_a_tag(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, repository):
        await repository.put_manifest("new", MANIFEST + b"\n", oci.MEDIA_OCI_INDEX)
        assert (await repository.manifest("new", 1000)).digest == of(MANIFEST + b"\n")


async def test_referrers_of_a_registry_without_any_are_none(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, repository):
        assert (await repository.referrers(of(MANIFEST))).manifests == []
