"""Pulling with real workers: what comes in, what is refused, what a broken pull leaves."""

from __future__ import annotations

import asyncio
import gzip
import json
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pydock.core.digest import of
from pydock.core.errors import Invalid, NoSpace, NotFound, PydockError, Unavailable, Unsupported
from pydock.core.reference import Reference
from pydock.core.schema import oci
from pydock.core.schema.images import Progress
from pydock.core.schema.message import Request, Response
from support.images import layer
from support.imagestore import ImageStore, image_store
from support.registries import AT_ONCE, Served, cut, noise, registry

A, B, C = layer({"a": noise(300_000, "a")}), layer({"b": b"b" * 500}), layer({"c": noise(50_000, "c")})


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with registry(tmp_path / "registry") as made:
        yield made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ImageStore]:
    async with image_store(tmp_path) as made:
        yield made


def statuses(steps: list[Progress], identity: str) -> list[str]:
    found: list[str] = []
    for step in steps:
        if step.id == identity and step.status not in found:
            found.append(step.status)
    return found


async def test_an_image_is_pulled_as_docker_tells_it(served: Served, store: ImageStore) -> None:
    digest = served.put_image("web/app", "1", [A, B, C])
    name = f"{served.domain}/web/app:1"
    steps = await store.pull(name)
    assert (steps[0].id, steps[0].status) == ("1", "Pulling from web/app")
    assert [step.status for step in steps[-2:]] == [
        f"Digest: {digest}",
        f"Status: Downloaded newer image for {name}",
    ]
    short = of(gzip.compress(A, 1, mtime=0))[7:19]
    assert [s for s in statuses(steps, short) if s != "Waiting"] == [
        "Pulling fs layer",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
        "Extracting",
        "Pull complete",
    ]
    image = await store.images.get(name)
    assert image.repo_digests == (f"{served.domain}/web/app@{digest}",)
    assert image.manifest == digest
    assert ((await store.tree(name)) / "c").read_bytes() == noise(50_000, "c")
    assert await store.told() == [("pull", name)]
    assert not list(store.paths.tmp.iterdir())


async def test_what_is_here_already_is_not_pulled_again(served: Served, store: ImageStore) -> None:
    name = f"{served.domain}/app:1"
    served.put_image("app", "1", [A, B])
    await store.pull(name)
    before = served.count("GET", "/v2/app/")
    again = await store.pull(name)
    assert again[-1].status == f"Status: Image is up to date for {name}"
    assert served.count("GET", "/v2/app/") == before, "a HEAD is enough"
    served.put_image("app", "1", [A, C])
    newer = await store.pull(name)
    assert statuses(newer, of(gzip.compress(A, 1, mtime=0))[7:19]) == ["Already exists"]
    assert newer[-1].status == f"Status: Downloaded newer image for {name}"
    assert await store.names() == [name]


async def test_by_digest_only_a_digest_is_named(served: Served, store: ImageStore) -> None:
    digest = served.put_image("app", "1", [A])
    name = f"{served.domain}/app@{digest}"
    await store.pull(name)
    image = await store.images.get(name)
    assert (image.repo_tags, image.repo_digests) == ((), (name,))
    assert (await store.pull(name))[-1].status == f"Status: Image is up to date for {name}"


async def test_all_tags_come_at_once(served: Served, store: ImageStore) -> None:
    for tag, data in (("1", A), ("2", B), ("3", A)):
        served.put_image("app", tag, [data])
    await store.pull(f"{served.domain}/app", all_tags=True)
    assert await store.names() == [f"{served.domain}/app:{tag}" for tag in "123"]


@pytest.mark.parametrize(
    ("kind", "compress"), [("", bytes), ("+gzip", gzip.compress), ("+zstd", zstandard.compress)]
)
async def test_every_compression_is_unpacked(
    served: Served, store: ImageStore, kind: str, compress: Callable[[bytes], bytes]
) -> None:
    served.put_image("app", "1", [A, B], kind=kind, compress=compress)
    await store.pull(f"{served.domain}/app:1")
    assert ((await store.tree(f"{served.domain}/app:1")) / "b").read_bytes() == b"b" * 500


@pytest.mark.parametrize("driver", ["overlay2", "vfs"])
async def test_the_same_layer_twice_is_fetched_once(served: Served, tmp_path: Path, driver: str) -> None:
    served.put_image("app", "1", [A, B, A, B])
    async with image_store(tmp_path / driver, driver=driver) as store:
        await store.pull(f"{served.domain}/app:1")
        assert served.count("GET", of(gzip.compress(A, 1, mtime=0))) == 1
        assert (await store.tree(f"{served.domain}/app:1") / "b").exists()


async def test_the_index_leads_to_the_platform(served: Served, store: ImageStore) -> None:
    arm = served.put_image("app", "", [B], {"architecture": "arm64"})
    amd = served.put_image("app", "", [A])
    attestation = served.put_image("app", "", [C], {"architecture": "unknown"})
    entries = [
        {"digest": attestation, "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": arm, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"digest": amd, "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    inner = served.put_index("app", "", entries, oci.MEDIA_DOCKER_LIST)
    index = served.put_index("app", "1", [{"digest": inner, "mediaType": oci.MEDIA_DOCKER_LIST}])
    name = f"{served.domain}/app:1"
    await store.pull(name)
    image = await store.images.get(name)
    assert (image.config.architecture, image.repo_digests) == ("amd64", (f"{served.domain}/app@{index}",))
    steps = await store.pull(name, "linux/arm64")
    assert (await store.images.get(name)).config.architecture == "arm64"
    assert steps[-1].status.startswith("Status: Downloaded newer image")
    with pytest.raises(Unsupported, match="no image for linux/s390x"):
        await store.pull(name, "linux/s390x")


async def test_a_single_manifest_for_another_platform_is_refused_when_one_is_asked_for(
    served: Served, store: ImageStore
) -> None:
    served.put_image("app", "1", [A])
    with pytest.raises(NotFound, match=r"does not provide the specified platform \(linux/arm64\)"):
        await store.pull(f"{served.domain}/app:1", "linux/arm64")
    with pytest.raises(Invalid, match="invalid platform"):
        await store.pull(f"{served.domain}/app:1", "a/b/c/d")


async def test_what_is_not_there_is_told_in_dockers_words(served: Served, store: ImageStore) -> None:
    name = f"{served.domain}/none:1"
    with pytest.raises(NotFound, match=f"manifest for {name} not found: manifest unknown"):
        await store.pull(name)
    with pytest.raises(NotFound):
        await store.pull(f"{served.domain}/none", all_tags=True)


async def test_a_cut_pull_is_gone_on_from(served: Served, store: ImageStore) -> None:
    served.put_image("app", "1", [A, B, C])
    big = of(gzip.compress(A, 1, mtime=0))
    data = served.storage.content(big).read_bytes()

    async def cuts(request: Request, response: Response) -> Response:
        if big not in request.path:
            return response
        if request.headers.get("range"):
            return Response(503, {}, b"")
        return Response(200, response.headers, cut(data, 100_000))

    served.change = cuts
    name = f"{served.domain}/app:1"
    with pytest.raises(Unavailable):
        await store.pull(name)
    assert await store.names() == []
    left = {path.name: path.stat().st_size for path in store.paths.tmp.iterdir()}
    assert left.pop(f"part-{big[7:]}") == 100_000
    assert all(name.startswith("part-") for name in left), "finished downloads stay, and nothing else"
    assert not any(entry.startswith(("blobs", "layers")) for entry in store.left())

    served.change = None
    served.requests.clear()
    await store.pull(name)
    assert [r.headers["range"] for r in served.requests if big in r.path] == ["bytes=100000-"]
    assert sum("/blobs/" in r.path and r.method == "GET" for r in served.requests) == 2 + (2 - len(left))
    assert not list(store.paths.tmp.iterdir())


async def test_a_cancelled_pull_leaves_what_can_be_gone_on_from(served: Served, store: ImageStore) -> None:
    served.put_image("app", "1", [A])
    stuck, never = asyncio.Event(), asyncio.Event()

    async def stalls(request: Request, response: Response) -> Response:
        if "/blobs/" in request.path and of(gzip.compress(A, 1, mtime=0)) in request.path:
            stuck.set()
            await never.wait()
        return response

    served.change = stalls
    pulling = asyncio.ensure_future(store.pull(f"{served.domain}/app:1"))
    await stuck.wait()
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    assert all(entry.startswith("tmp/part-") for entry in store.left())
    never.set()
    served.change = None
    await store.pull(f"{served.domain}/app:1")
    assert not list(store.paths.tmp.iterdir())


async def test_two_engines_fetch_a_layer_once(served: Served, tmp_path: Path) -> None:
    served.put_image("app", "1", [A, C])
    name = f"{served.domain}/app:1"
    async with image_store(tmp_path) as one, image_store(tmp_path) as other:
        await asyncio.gather(one.pull(name), other.pull(name))
        assert await other.names() == [name]
        assert not list(one.paths.tmp.iterdir())
    for data in (A, C):
        assert served.count("GET", of(gzip.compress(data, 1, mtime=0))) == 1


async def test_a_mirror_is_asked_first_and_the_registry_after_it(served: Served, tmp_path: Path) -> None:
    served.put_image("library/app", "1", [A])
    dead = "http://127.0.0.1:1"
    settings = replace(AT_ONCE, mirrors=(dead, f"http://{served.domain}"))
    async with image_store(tmp_path, settings) as store:
        await store.pull("app:1")
        assert await store.names() == ["app:1"]


MANIFESTS: dict[str, Any] = {
    "empty": b"",
    "text": b"not json",
    "null": b"null",
    "list": b"[]",
    "deep": b"[" * 100_000,
    "not utf-8": b'{"schemaVersion": 2, "config": "\xff"}',
    "neither": b'{"schemaVersion": 2}',
    "both": json.dumps({"schemaVersion": 2, "manifests": [], "config": {}, "layers": []}).encode(),
    "too large": b'{"schemaVersion": 2, "pad": "' + b"x" * (4 << 20) + b'"}',
    "layers of a wrong type": b'{"schemaVersion": 2, "config": {}, "layers": {"a": 1}}',
    "empty index": b'{"schemaVersion": 2, "manifests": []}',
    "bad entry": b'{"schemaVersion": 2, "manifests": [{"mediaType": "x", "digest": "x", "size": 1}]}',
}


@pytest.mark.parametrize("kind", [*MANIFESTS])
@pytest.mark.parametrize("media_type", [oci.MEDIA_OCI_MANIFEST, oci.MEDIA_OCI_INDEX, "text/plain"])
async def test_any_bytes_in_place_of_a_manifest_are_an_error(
    served: Served, store: ImageStore, kind: str, media_type: str
) -> None:
    served.put_manifest("app", "1", MANIFESTS[kind], media_type)
    with pytest.raises((Invalid, Unsupported)):
        await store.pull(f"{served.domain}/app:1")
    assert store.left() == set()


HOSTILE: dict[str, Mapping[str, Any]] = {
    "negative size": {"size": -1},
    "huge size": {"size": 1 << 62},
    "size of another kind": {"size": "12"},
    "larger than said": {"size": 10},
    "smaller than said": {"size": 10_000_000},
    "a path as digest": {"digest": "sha256:../../../../etc/passwd"},
    "no digest": {"digest": ""},
    "another algorithm": {"digest": "sha512:" + "0" * 128},
    "absent": {"digest": of(b"absent")},
}


@pytest.mark.parametrize("part", ["config", "layer"])
@pytest.mark.parametrize("kind", [*HOSTILE])
async def test_hostile_descriptors_are_an_error(
    served: Served, store: ImageStore, kind: str, part: str
) -> None:
    served.put_image("app", "good", [A])
    data = served.storage.content(served.storage.tagged("app", "good") or of(b"")).read_bytes()
    manifest = json.loads(data)
    target = manifest["config"] if part == "config" else manifest["layers"][0]
    target.update(HOSTILE[kind])
    served.put_manifest("app", "1", json.dumps(manifest).encode())
    with pytest.raises(PydockError):
        await store.pull(f"{served.domain}/app:1")
    assert all(entry.startswith("tmp/part-") for entry in store.left())
    assert await store.names() == []


@pytest.mark.parametrize(
    "config",
    [
        {"rootfs": {"type": "layers", "diff_ids": []}},
        {"rootfs": {"type": "layers", "diff_ids": [of(b"other")]}},
        {"rootfs": {"type": "layers", "diff_ids": ["../x"]}},
        {"rootfs": {"type": "other", "diff_ids": [of(A)]}},
        {"rootfs": 5},
        {"os": "windows"},
        {"config": {"Env": {"a": "b"}}},
    ],
)
async def test_configurations_that_do_not_fit_are_an_error(
    served: Served, store: ImageStore, config: Mapping[str, Any]
) -> None:
    served.put_image("app", "1", [A], config)
    with pytest.raises((Invalid, Unsupported)):
        await store.pull(f"{served.domain}/app:1")
    assert store.left() == set()


async def test_what_is_no_image_is_named(served: Served, store: ImageStore) -> None:
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": of(b"{}"), "size": 2}
    served.put_image("chart", "1", [A], manifest={"config": config})
    with pytest.raises(Unsupported, match=r"not a container image.*helm"):
        await store.pull(f"{served.domain}/chart:1")


async def test_a_layer_with_other_bytes_is_refused_and_not_kept(served: Served, store: ImageStore) -> None:
    served.put_image("app", "1", [A, B])
    swapped = of(gzip.compress(A, 1, mtime=0))

    async def swaps(request: Request, response: Response) -> Response:
        if swapped not in request.path:
            return response
        size = int(response.headers["content-length"])
        return Response(200, response.headers, noise(size, "evil"))

    served.change = swaps
    with pytest.raises(Invalid, match="wrong digest"):
        await store.pull(f"{served.domain}/app:1")
    assert store.left() == set()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("megabytes", [14, 40])
async def test_a_full_disk_is_told_and_gets_back_what_was_taken(
    served: Served, small_disk: Path, megabytes: int
) -> None:
    """14 MB: the blob fits and its tree does not. 40 MB: not even the blob fits."""
    served.put_image("app", "big", [layer({"x": noise(megabytes << 20)}), B])
    served.put_image("app", "small", [A])
    async with image_store(small_disk) as store:
        await store.pull(f"{served.domain}/app:small")
        before = store.left()
        with pytest.raises(NoSpace, match="no space left"):
            await store.pull(f"{served.domain}/app:big")
        assert store.left() == before
        assert await store.names() == [f"{served.domain}/app:small"]


async def test_the_pulled_name_is_the_only_thing_that_counts(served: Served, store: ImageStore) -> None:
    """Nothing is asked of a registry for an image that is here under another name."""
    digest = served.put_image("app", "1", [A])
    served.put_manifest("copy", "2", served.storage.content(digest).read_bytes())
    for blob in served.storage.blobs("app"):
        served.storage.link_blob("copy", blob)
    await store.pull(f"{served.domain}/app:1")
    before = served.count("GET", "/blobs/")
    await store.pull(f"{served.domain}/copy:2")
    assert served.count("GET", "/blobs/") == before + 1, "the configuration alone"
    image = await store.images.get(f"{served.domain}/app:1")
    assert len(image.repo_digests) == 2
    assert Reference.parse(image.repo_digests[0]).digest == digest


async def test_a_name_can_be_looked_at_without_pulling(served: Served, store: ImageStore) -> None:
    amd = served.put_image("app", "single", [A])
    entries = [
        {"digest": amd, "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": amd, "platform": {"os": "unknown", "architecture": "unknown"}},
    ]
    index = served.put_index("app", "1", entries)
    for tag, digest in (("1", index), ("single", amd)):
        found = await store.images.registries.look(Reference.parse(f"{served.domain}/app:{tag}"))
        assert found.descriptor.digest == digest
        assert [(p.os, p.architecture) for p in found.platforms] == [("linux", "amd64")]
    with pytest.raises(NotFound, match="not found"):
        await store.images.registries.look(Reference.parse(f"{served.domain}/app:none"))
    assert store.left() == set()
