"""Tests of downloads: resumed, checked, and given back when they can't be used."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core.digest import Digest, of
from pydock.core.errors import Invalid, NotFound, Unavailable
from pydock.core.registry.download import fetch
from pydock.core.registry.repository import Repository
from pydock.core.registry.session import connect
from pydock.core.schema.message import Request, Response
from support.registries import AT_ONCE, Served, cut, noise, registry

DATA = noise(3_000_000)
DIGEST = of(DATA)


@contextlib.asynccontextmanager
async def served(root: Path) -> AsyncIterator[tuple[Served, Repository]]:
    async with registry(root) as server:
        server.put_blob("a", DATA)
        async with connect(server.domain, None, AT_ONCE) as session:
            yield server, Repository(session, "a")


async def fetched(
    repository: Repository, part: Path, digest: Digest = DIGEST, size: int = len(DATA)
) -> list[int]:
    told: list[int] = []
    await fetch(repository, digest, size, part, told.append, AT_ONCE.back_off)
    return told


async def test_a_blob_comes_in_whole(tmp_path: Path) -> None:
    async with served(tmp_path / "r") as (_, repository):
        told = await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert told[-1] == len(DATA)
    assert told == sorted(told)


@pytest.mark.parametrize("there", [0, 1, 1_500_000, len(DATA) - 1, len(DATA), len(DATA) + 1])
async def test_a_download_goes_on_from_what_is_there(tmp_path: Path, there: int) -> None:
    (tmp_path / "part").write_bytes((DATA + b"more")[:there])
    async with served(tmp_path / "r") as (server, repository):
        await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    ranges = [r.headers.get("range", "") for r in server.requests if "/blobs/" in r.path]
    expected = {0: [""], len(DATA): [], len(DATA) + 1: [""]}.get(there, [f"bytes={there}-"])
    assert ranges == expected


async def test_damage_in_what_is_there_costs_one_more_try(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"x" * 1000)
    async with served(tmp_path / "r") as (_, repository):
        await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


async def test_every_break_is_gone_on_from(tmp_path: Path) -> None:
    starts: list[int] = []

    async def change(request: Request, response: Response) -> Response:
        if "/blobs/" not in request.path or len(starts) == 5:
            return response
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        starts.append(start)
        return Response(response.status, response.headers, cut(DATA[start:], 400_000))

    async with served(tmp_path / "r") as (server, repository):
        server.change = change
        await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert starts == [0, 400_000, 800_000, 1_200_000, 1_600_000]


async def test_a_registry_that_stays_away_leaves_what_came(tmp_path: Path) -> None:
    async def change(request: Request, response: Response) -> Response:
        if request.headers.get("range"):
            return Response(503, {}, b"")
        return Response(response.status, response.headers, cut(DATA, 1_000_000))

    async with served(tmp_path / "r") as (server, repository):
        server.change = change
        with pytest.raises(Unavailable):
            await fetched(repository, tmp_path / "part")
        assert server.count("GET", "/blobs/") == 4
    assert (tmp_path / "part").read_bytes() == DATA[:1_000_000]


async def test_a_registry_without_ranges_starts_anew(tmp_path: Path) -> None:
    async def change(request: Request, response: Response) -> Response:
        return (
            Response(200, {"content-length": str(len(DATA))}, DATA) if "/blobs/" in request.path else response
        )

    (tmp_path / "part").write_bytes(DATA[:1000])
    async with served(tmp_path / "r") as (server, repository):
        server.change = change
        await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


async def test_a_refused_range_starts_anew(tmp_path: Path) -> None:
    async def change(request: Request, response: Response) -> Response:
        return Response(416, {}, b"") if request.headers.get("range") else response

    (tmp_path / "part").write_bytes(DATA[:1000])
    async with served(tmp_path / "r") as (server, repository):
        server.change = change
        await fetched(repository, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA


@pytest.mark.parametrize(
    "body",
    [noise(len(DATA), "other"), DATA + b"x", DATA[:-1] + b"\0"],
    ids=["other", "longer", "last byte"],
)
async def test_other_bytes_are_refused_and_not_kept(tmp_path: Path, body: bytes) -> None:
    async def change(request: Request, response: Response) -> Response:
        return Response(200, {}, body) if "/blobs/" in request.path else response

    async with served(tmp_path / "r") as (server, repository):
        server.change = change
        with pytest.raises(Invalid):
            await fetched(repository, tmp_path / "part")
        assert server.count("GET", "/blobs/") == 1
    assert not (tmp_path / "part").exists()


async def test_what_the_registry_does_not_have_is_not_tried_again(tmp_path: Path) -> None:
    async with served(tmp_path / "r") as (server, repository):
        with pytest.raises(NotFound):
            await fetched(repository, tmp_path / "part", of(b"other"), 5)
        assert server.count("GET", "/blobs/") == 1


async def test_a_link_in_the_parts_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"keep")
    (tmp_path / "part").symlink_to(tmp_path / "outside")
    async with served(tmp_path / "r") as (_, repository):
        with pytest.raises(Exception, match="downloading a layer"):
            await fetched(repository, tmp_path / "part")
    assert (tmp_path / "outside").read_bytes() == b"keep"
