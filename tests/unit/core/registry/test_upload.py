"""Tests of uploads: in one piece, in chunks, mounted, and after a break."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core.digest import of
from pydock.core.errors import Unavailable
from pydock.core.registry.repository import Repository
from pydock.core.registry.session import connect
from pydock.core.registry.upload import mount, send
from pydock.core.schema.message import Request, Response
from support.registries import AT_ONCE, Served, noise, registry

DATA = noise(1_000_000)
DIGEST = of(DATA)


@contextlib.asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[tuple[Served, Repository, Path]]:
    (tmp_path / "file").write_bytes(DATA)
    async with registry(tmp_path / "r") as server, connect(server.domain, None, AT_ONCE) as session:
        yield server, Repository(session, "a", push=True), tmp_path / "file"


@pytest.mark.parametrize(
    ("chunk", "patches"), [(2_000_000, 0), (1_000_000, 0), (999_999, 1), (400_000, 2), (100_000, 9)]
)
async def test_a_file_becomes_a_blob(tmp_path: Path, chunk: int, patches: int) -> None:
    told: list[int] = []
    async with served(tmp_path) as (server, repository, file):
        await send(repository, DIGEST, file, told.append, (), chunk)
        assert await repository.has_blob(DIGEST)
        assert server.storage.content(DIGEST).read_bytes() == DATA
        assert server.count("PATCH", "/uploads/") == patches
    assert told[-1] == len(DATA)
    assert told == sorted(told)


async def test_an_empty_file_becomes_a_blob(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    async with served(tmp_path) as (server, repository, _):
        await send(repository, of(b""), tmp_path / "empty", lambda _: None, ())
        assert server.storage.content(of(b"")).read_bytes() == b""


async def test_a_broken_upload_goes_on_where_the_registry_is(tmp_path: Path) -> None:
    broken: list[str] = []

    async def change(request: Request, response: Response) -> Response:
        # The chunk arrived, its answer does not.
        if request.method == "PATCH" and len(broken) < 3:
            broken.append(request.headers["content-range"])
            raise ConnectionResetError
        return response

    async with served(tmp_path) as (server, repository, file):
        server.change = change
        await send(repository, DIGEST, file, lambda _: None, AT_ONCE.back_off, 200_000)
        assert server.storage.content(DIGEST).read_bytes() == DATA
    assert broken == ["0-199999", "200000-399999", "400000-599999"]


async def test_a_forgotten_upload_begins_anew(tmp_path: Path) -> None:
    forgotten: list[str] = []

    async def change(request: Request, response: Response) -> Response:
        if (
            request.method == "PATCH"
            and not forgotten
            and request.headers["content-range"].startswith("400000")
        ):
            identity = request.path.rpartition("/")[2]
            server.storage.upload("a", identity).unlink()
            forgotten.append(identity)
            return Response(404, {}, b"")
        return response

    async with served(tmp_path) as (server, repository, file):
        server.change = change
        await send(repository, DIGEST, file, lambda _: None, AT_ONCE.back_off, 200_000)
        assert server.storage.content(DIGEST).read_bytes() == DATA


async def test_an_upload_whose_last_answer_is_lost_is_found_whole(tmp_path: Path) -> None:
    async def change(request: Request, response: Response) -> Response:
        return Response(500, {}, b"") if request.method == "PUT" else response

    async with served(tmp_path) as (server, repository, file):
        server.change = change
        await send(repository, DIGEST, file, lambda _: None, AT_ONCE.back_off)
        assert server.count("PUT", "/uploads/") == 1


async def test_a_registry_that_stays_broken_is_given_up(tmp_path: Path) -> None:
    async def change(request: Request, response: Response) -> Response:
        return Response(500, {}, b"") if request.method == "POST" else response

    async with served(tmp_path) as (server, repository, file):
        server.change = change
        with pytest.raises(Unavailable):
            await send(repository, DIGEST, file, lambda _: None, AT_ONCE.back_off)
        assert server.count("POST", "/uploads/") == 4


async def test_a_blob_of_another_repository_is_mounted(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, repository, _):
        server.put_blob("b", DATA)
        assert not await repository.has_blob(DIGEST)
        assert await mount(repository, DIGEST, "b")
        assert await repository.has_blob(DIGEST)


async def test_a_mount_that_is_refused_leaves_no_upload_behind(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, repository, _):
        assert not await mount(repository, DIGEST, "b")
        assert list((server.storage.root / "repositories/a/_uploads").iterdir()) == []
