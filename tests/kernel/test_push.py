"""Pushing: what is sent, what is not, and that what was pushed comes back the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pydock.core.errors import Invalid, NotFound, Unauthorized
from pydock.core.registry.server.users import Users, write
from pydock.core.schema.auth import AuthConfig
from support.images import docker_archive, layer
from support.imagestore import ImageStore, image_store
from support.registries import Served, noise, registry

A, B = layer({"a": noise(300_000)}), layer({"b": b"b" * 50_000})


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with registry(tmp_path / "registry") as made:
        yield made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ImageStore]:
    async with image_store(tmp_path) as made:
        await made.load(docker_archive([A, B], ["web:1"]))
        yield made


async def test_a_pushed_image_comes_back_the_same(served: Served, store: ImageStore, tmp_path: Path) -> None:
    name = f"{served.domain}/team/web:1"
    await store.images.tag("web:1", name)
    steps = await store.push(name)
    assert steps[0].status == f"The push refers to repository [{served.domain}/team/web]"
    assert {step.status for step in steps} >= {"Preparing", "Pushing", "Pushed"}
    aux = steps[-1].aux or {}
    assert steps[-2].status == f"1: digest: {aux['Digest']} size: {aux['Size']}"
    assert served.storage.tagged("team/web", "1") == aux["Digest"]
    image = await store.images.get("web:1")
    assert image.repo_digests == (f"{served.domain}/team/web@{aux['Digest']}",)
    assert ("push", name) in await store.told()
    async with image_store(tmp_path / "other") as other:
        await other.pull(name)
        assert (await other.images.get(name)).id == image.id
        assert ((await other.tree(name)) / "b").read_bytes() == b"b" * 50_000


async def test_plain_layers_are_sent_compressed_and_saved_that_way(served: Served, store: ImageStore) -> None:
    name = f"{served.domain}/web:1"
    await store.images.tag("web:1", name)
    await store.push(name)
    image = await store.images.get(name)
    assert all(layer.media_type.endswith("+gzip") for layer in image.layers)
    assert image.layers[1].blob_size < 1000
    assert len([entry for entry in store.left() if entry.startswith("blobs")]) == 4
    assert b"".join([chunk async for chunk in store.images.save([name])])


async def test_what_is_there_is_not_sent_again(served: Served, store: ImageStore) -> None:
    name = f"{served.domain}/web:1"
    await store.images.tag("web:1", name)
    await store.push(name)
    sent = served.count("POST", "/uploads/")
    again = await store.push(name)
    assert served.count("POST", "/uploads/") == sent
    assert "Layer already exists" in {step.status for step in again}


async def test_layers_of_another_repository_are_mounted(served: Served, store: ImageStore) -> None:
    for name in ("one", "two"):
        await store.images.tag("web:1", f"{served.domain}/{name}:1")
    await store.push(f"{served.domain}/one:1")
    puts = served.count("PUT", "/uploads/")
    steps = await store.push(f"{served.domain}/two:1")
    assert "Mounted from one" in {step.status for step in steps}
    assert served.count("PUT", "/uploads/") == puts + 1, "the configuration alone"


async def test_without_a_tag_all_are_pushed(served: Served, store: ImageStore) -> None:
    for tag in ("1", "2"):
        await store.images.tag("web:1", f"{served.domain}/web:{tag}")
    await store.push(f"{served.domain}/web")
    assert served.storage.tags("web") == ["1", "2"]


async def test_what_is_not_here_cannot_be_pushed(served: Served, store: ImageStore) -> None:
    with pytest.raises(NotFound, match="An image does not exist locally with the tag: "):
        await store.push(f"{served.domain}/none:1")
    with pytest.raises(Invalid, match="digest reference"):
        await store.push(f"{served.domain}/none@sha256:{'0' * 64}")


async def test_a_guarded_registry_wants_credentials(tmp_path: Path) -> None:
    write(tmp_path / "users", "ann", "secret")
    async with registry(tmp_path / "r", Users(tmp_path / "users")) as served, image_store(tmp_path) as store:
        await store.load(docker_archive([A], [f"{served.domain}/web:1"]))
        with pytest.raises(Unauthorized):
            await store.push(f"{served.domain}/web:1")
        auth = AuthConfig(username="ann", password="secret", serveraddress=served.domain)
        answer = await store.images.registries.login(auth)
        assert answer.status == "Login Succeeded"
        await store.push(f"{served.domain}/web:1", auth)
        with pytest.raises(Unauthorized):
            await store.images.registries.login(
                AuthConfig(username="a", password="b", serveraddress=served.domain)
            )
    assert served.storage.tags("web") == ["1"]
