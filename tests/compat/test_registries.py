"""Our client and registry with other people's: Debian's docker-registry and skopeo, over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from support.images import docker_archive, layer
from support.imagestore import ImageStore, image_store
from support.registries import noise, registry

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: layers are unpacked")
needs_registry = pytest.mark.skipif(not shutil.which("docker-registry"), reason="needs docker-registry")
needs_skopeo = pytest.mark.skipif(not shutil.which("skopeo"), reason="needs skopeo")
pytestmark = [needs_root, needs_skopeo]

A, B = layer({"a": noise(300_000)}), layer({"b": b"b" * 50_000})
_CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


async def skopeo(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "skopeo", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


@contextlib.asynccontextmanager
async def debian_registry(directory: Path) -> AsyncIterator[str]:
    """Run docker-registry on a port that the kernel chose a moment before; yields its domain."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    config = directory / "config.yml"
    config.write_text(_CONFIG.format(root=directory / "data", port=port))
    process = await asyncio.create_subprocess_exec(
        "docker-registry", "serve", str(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await asyncio.wait_for(_answers(f"http://127.0.0.1:{port}/v2/"), 30)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> None:
    """Wait until a server answers: docker-registry tells nobody when it begins to listen."""
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ImageStore]:
    async with image_store(tmp_path) as made:
        await made.load(docker_archive([A, B], ["web:1"]))
        yield made


@pytest.mark.parametrize("form", ["v2s2", "oci"])
async def test_skopeo_pushes_to_ours_and_we_pull(store: ImageStore, tmp_path: Path, form: str) -> None:
    (tmp_path / "web.tar").write_bytes(docker_archive([A, B], ["web:1"]))
    async with registry(tmp_path / "r") as served:
        name = f"{served.domain}/team/web:1"
        source = f"docker-archive:{tmp_path}/web.tar"
        await skopeo("copy", "--format", form, "--dest-tls-verify=false", source, f"docker://{name}")
        await store.pull(name)
        assert ((await store.tree(name)) / "b").read_bytes() == b"b" * 50_000


async def test_we_push_to_ours_and_skopeo_pulls(store: ImageStore, tmp_path: Path) -> None:
    async with registry(tmp_path / "r") as served:
        name = f"{served.domain}/web:1"
        await store.images.tag("web:1", name)
        await store.push(name)
        listed = json.loads(await skopeo("list-tags", "--tls-verify=false", f"docker://{served.domain}/web"))
        assert listed["Tags"] == ["1"]
        await skopeo("copy", "--src-tls-verify=false", f"docker://{name}", f"dir:{tmp_path}/out")
        manifest = json.loads((tmp_path / "out/manifest.json").read_bytes())
        assert len(manifest["layers"]) == 2
        await skopeo("delete", "--tls-verify=false", f"docker://{name}")
        assert served.storage.tags("web") == []


@needs_registry
async def test_debians_registry_takes_and_gives_what_ours_does(store: ImageStore, tmp_path: Path) -> None:
    async with debian_registry(tmp_path) as domain:
        for repository in ("one", "two"):
            await store.images.tag("web:1", f"{domain}/{repository}:1")
        await store.push(f"{domain}/one:1")
        mounted = await store.push(f"{domain}/two:1")
        assert "Mounted from one" in {step.status for step in mounted}
        await skopeo("inspect", "--tls-verify=false", f"docker://{domain}/two:1")
        async with image_store(tmp_path / "other") as other:
            await other.pull(f"{domain}/two:1")
            image = await other.images.get(f"{domain}/two:1")
            assert image.id == (await store.images.get("web:1")).id
            await other.pull(f"{domain}/one", all_tags=True)
            assert await other.names() == [f"{domain}/one:1", f"{domain}/two:1"]


@needs_registry
async def test_a_large_layer_goes_in_chunks_to_debians_registry(store: ImageStore, tmp_path: Path) -> None:
    async with debian_registry(tmp_path) as domain:
        name = f"{domain}/large:1"
        await store.load(docker_archive([layer({"x": noise(40 << 20)})], [name]))
        await store.push(name)
        async with image_store(tmp_path / "other") as other:
            await other.pull(name)
            assert ((await other.tree(name)) / "x").stat().st_size == 40 << 20
