"""Images as a whole, with real workers: archives, names, removal, full disks, kills, several engines."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pydock.core.config import Paths
from pydock.core.digest import Digest
from pydock.core.errors import Conflict, Invalid, NoSpace, NotFound, Unsupported
from pydock.core.filters import Filters
from pydock.core.images.records import UseRecord
from pydock.core.images.store import Images
from pydock.core.rootfs import Overlay
from pydock.core.runtime.client import Runtime
from pydock.core.snapshots.choice import open_snapshotter
from pydock.core.snapshots.snapshotter import ChainId, Snapshotter
from pydock.core.state.events import Events
from pydock.core.state.store import Store
from support.images import docker_archive, layer


class SilentBell:
    def ring(self, payload: bytes) -> None:
        """Nobody else listens."""


@dataclass
class Engine:
    paths: Paths
    images: Images
    snapshots: Snapshotter
    events: Events

    async def load(self, archive: bytes, chunk: int = 65536) -> list[str]:
        told = self.images.load(pieces(archive, chunk), quiet=True)
        return [item.stream.strip() async for item in told]

    async def save(self, *names: str) -> bytes:
        return b"".join([chunk async for chunk in self.images.save(names)])

    def left(self) -> set[str]:
        """What is in the root beside its frame: blobs, layers, half-made things."""
        root = self.paths.root
        found = {p for directory in ("blobs/sha256", "layers", "tmp") for p in (root / directory).glob("*")}
        return {str(p.relative_to(root)) for p in found} - {"layers/l", "layers/driver"}


async def pieces(data: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@contextlib.asynccontextmanager
async def engine(base: Path, driver: str = "") -> AsyncIterator[Engine]:
    paths = Paths(base / "root", base / "run")
    paths.create()
    async with Runtime(paths) as runtime:
        with Store(paths.db) as store:
            events = Events(store, SilentBell())
            snapshots = await open_snapshotter(paths, store, runtime.work, driver)
            images = Images(paths, store, events, snapshots, runtime.work)
            yield Engine(paths, images, snapshots, events)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Engine]:
    async with engine(tmp_path) as made:
        yield made


A, B = layer({"a": b"a" * 1000, "etc/x": b"x"}), layer({"b": b"b" * 500})


def oci_layout(
    layers: Sequence[tuple[bytes, str]],
    name: str = "docker.io/library/web:1",
    *,
    wrap: Callable[[dict[str, Any], dict[bytes, bytes]], list[dict[str, Any]]] | None = None,
) -> bytes:
    """An OCI layout's tar; layers are plain tars and the compression to use. `wrap` makes the index."""
    packers = {"": bytes, "+gzip": gzip.compress, "+zstd": zstandard.compress}
    blobs: dict[bytes, bytes] = {}
    described = [
        keep(blobs, packers[kind](data), f"application/vnd.oci.image.layer.v1.tar{kind}")
        for data, kind in layers
    ]
    diff_ids = ["sha256:" + hashlib.sha256(data).hexdigest() for data, _ in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["sh"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": keep(blobs, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": described,
    }
    entry = keep(blobs, json.dumps(manifest).encode(), manifest["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    entries = wrap(entry, blobs) if wrap else [entry]
    files = {
        b"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        b"index.json": json.dumps({"schemaVersion": 2, "manifests": entries}).encode(),
    }
    return tar_of({**files, **{b"blobs/sha256/" + key: data for key, data in blobs.items()}})


def keep(blobs: dict[bytes, bytes], data: bytes, kind: object) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    blobs[digest.encode()] = data
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}


def tar_of(files: Mapping[bytes, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.decode())
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def files_of(made: Engine, chain_id: str) -> set[str]:
    return {p.name for p in made.snapshots.layer_path(ChainId(chain_id)).rglob("*")}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("outer", [bytes, gzip.compress, zstandard.compress])
async def test_docker_archive(one: Engine, compress: bool, outer: Callable[[bytes], bytes]) -> None:
    data = docker_archive(
        [A, B], ["web:1", "quay.io/team/web:2"], {"Labels": {"tier": "front"}}, compress=compress
    )
    assert await one.load(outer(data)) == ["Loaded image: web:1", "Loaded image: quay.io/team/web:2"]
    image = await one.images.get("web:1")
    assert image.size == 1501
    assert image.repo_tags == ("quay.io/team/web:2", "web:1")
    assert files_of(one, image.chain_id) == {"b"}
    (row,) = await one.images.list()
    assert (row.id, row.labels, row.size) == (image.id, {"tier": "front"}, 1501)
    history = await one.images.history("web:1")
    assert [(entry.id, entry.size) for entry in history] == [(image.id, 500), ("<missing>", 1001)]
    assert {p.parent.name for p in one.paths.blobs.rglob("*") if p.is_file()} == {"sha256"}


async def test_image_without_a_name_is_told_by_id(one: Engine) -> None:
    (line,) = await one.load(docker_archive([A], []))
    identity = (await one.images.list())[0].id
    assert line == f"Loaded image ID: {identity}"
    for name in (identity, identity[7:], identity[:17], identity[7:15]):
        assert (await one.images.get(name)).id == identity


@pytest.mark.parametrize("kind", ["", "+gzip", "+zstd"])
async def test_oci_layout(one: Engine, kind: str) -> None:
    assert await one.load(oci_layout([(A, kind), (B, kind)])) == ["Loaded image: web:1"]
    image = await one.images.get("web:1")
    assert image.size == 1501
    assert image.layers[0].media_type.endswith("tar" + kind)


def legacy_archive(parent: str = "") -> bytes:
    """An archive as Docker before 1.10 wrote it."""
    low, high = "1" * 64, "2" * 64
    describe = {"os": "linux", "architecture": "amd64", "created": "2015-01-02T03:04:05Z"}
    step = {"container_config": {"Cmd": ["/bin/sh", "-c", "make"]}, "config": {"Cmd": ["run"], "Env": None}}
    return tar_of(
        {
            f"{low}/VERSION".encode(): b"1.0",
            f"{low}/json".encode(): json.dumps({"id": low, "parent": parent, **describe}).encode(),
            f"{low}/layer.tar".encode(): A,
            f"{high}/json".encode(): json.dumps({"id": high, "parent": low, **describe, **step}).encode(),
            f"{high}/layer.tar".encode(): B,
            b"repositories": json.dumps({"old": {"1": high, "2": high}, "base": {"1": low}}).encode(),
        }
    )


async def test_archive_of_an_old_docker(one: Engine) -> None:
    assert await one.load(legacy_archive()) == [f"Loaded image: {n}" for n in ("old:1", "old:2", "base:1")]
    image = await one.images.get("old:1")
    assert (image.size, image.config.run.cmd) == (1501, ["run"])
    assert [entry.created_by for entry in await one.images.history("old:1")] == ["/bin/sh -c make", ""]
    assert (await one.images.get("base:1")).chain_id == image.layers[0].chain_id


def index_of(*platforms: str) -> Callable[[dict[str, Any], dict[bytes, bytes]], list[dict[str, Any]]]:
    """Put the manifest in a nested index, for each of these platforms, with an attestation beside."""

    def wrap(entry: dict[str, Any], blobs: dict[bytes, bytes]) -> list[dict[str, Any]]:
        annotations = entry.pop("annotations")
        entries = []
        for platform in platforms:
            os_name, _, architecture = platform.partition("/")
            entries.append({**entry, "platform": {"os": os_name, "architecture": architecture}})
        entries.append(
            {
                **keep(blobs, b'{"schemaVersion":2}', "application/vnd.oci.image.manifest.v1+json"),
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            }
        )
        index = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
        return [{**keep(blobs, index, "application/vnd.oci.image.index.v1+json"), "annotations": annotations}]

    return wrap


async def test_nested_index_gives_this_machine_s_image(one: Engine) -> None:
    archive = oci_layout([(A, "")], wrap=index_of("linux/s390x", "linux/amd64"))
    assert await one.load(archive) == ["Loaded image: web:1"]


async def test_index_without_this_machine_s_image_is_told(one: Engine) -> None:
    with pytest.raises(
        Unsupported, match=r"no image for linux/amd64 in index .*: it has linux/arm64, linux/s390x"
    ):
        await one.load(oci_layout([(A, "")], wrap=index_of("linux/s390x", "linux/arm64")))
    assert one.left() == set()


def changed(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one member's content changed."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = {m.name.encode(): archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]
    found = [key for key in files if key.decode().endswith(name)]
    files[found[0]] = change(files[found[0]])
    return tar_of(files)


WHOLE = docker_archive([A, B], ["web:1"])
LAYOUT = oci_layout([(A, "+gzip")])


def swap(name: str, old: bytes, new: bytes, archive: bytes = WHOLE) -> bytes:
    return changed(archive, name, lambda data: data.replace(old, new))


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "neither manifest.json nor index.json"),
    "no tar": (b"hello world " * 1000, "not a tar archive"),
    "a tar of something else": (tar_of({b"a": b"b"}), "neither manifest.json nor index.json"),
    "cut": (WHOLE[: len(WHOLE) // 2], "ends in the middle|lacks|neither"),
    "cut gzip": (gzip.compress(WHOLE)[:-20], "ends early|damaged"),
    "cut zstd": (zstandard.compress(WHOLE)[:-500], "ends|damaged|neither"),
    "no json": (changed(WHOLE, "manifest.json", lambda _: b"{"), "invalid manifest.json"),
    "wrong json": (changed(WHOLE, "manifest.json", lambda _: b'[{"Config":7}]'), "invalid manifest.json"),
    "deep json": (changed(WHOLE, "manifest.json", lambda _: b"[" * 100_000), "invalid manifest.json"),
    "huge manifest": (changed(WHOLE, "manifest.json", lambda d: d + b" " * (5 << 20)), "larger than"),
    "no images": (changed(WHOLE, "manifest.json", lambda _: b"[]"), "archive has no image"),
    "missing member": (swap("manifest.json", b"layer.tar", b"layer.tgz"), "lacks"),
    "climbing member": (swap("manifest.json", b'"Config": "', b'"Config": "../../'), "lacks"),
    "bad tag": (swap("manifest.json", b"web:1", b"WEB:1"), "invalid reference"),
    "layer missing in config": (swap(".json", b"diff_ids", b"diff_idz"), "2 layers, and 0"),
    "other layer": (
        changed(WHOLE, "layer.tar", lambda _: layer({"evil": b"x"})),
        "digest sha256:.* expected",
    ),
    "config is no json": (changed(WHOLE, ".json", lambda _: b"nonsense"), "invalid image configuration"),
    "config for windows": (swap(".json", b'"linux"', b'"windows"'), "image is for windows"),
    "manifest is an index": (
        swap("index.json", b"image.manifest.v1", b"image.index.v1", LAYOUT),
        "invalid image index|no image",
    ),
    "wrong digest": (swap("index.json", b'"size": ', b'"size": 1', LAYOUT), "wrong digest"),
    "old archive in a circle": (legacy_archive("2" * 64), "invalid layer id"),
    "old archive that climbs": (legacy_archive("../../etc"), "invalid layer id"),
    "digest is a path": (swap("index.json", b'"sha256:', b'"sha256:../../', LAYOUT), "invalid digest"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_archive_leaves_nothing(one: Engine, name: str) -> None:
    data, words = BAD[name]
    with pytest.raises((Invalid, Unsupported), match=words):
        await one.load(data)
    assert one.left() == set()
    assert await one.images.list() == []


async def test_bad_archive_is_told_before_it_has_come_in_whole(one: Engine) -> None:
    """The sender may wait for us: what is wrong is told when it shows."""
    more = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"hello world " * 200_000
        await more.wait()

    async with asyncio.timeout(30):
        with pytest.raises(Invalid, match="not a tar archive"):
            async for _ in one.images.load(stalling()):
                pass
    assert one.left() == set()


async def test_cancelled_load_leaves_nothing(one: Engine) -> None:
    begun = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield WHOLE[:100_000]
        begun.set()
        await asyncio.Event().wait()

    async def consume() -> None:
        async for _ in one.images.load(stalling()):
            pass

    task = asyncio.ensure_future(consume())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.left() == set()


async def test_progress_of_layers(one: Engine) -> None:
    big = layer({"big": os.urandom(20 << 20)})
    told = [item async for item in one.images.load(pieces(docker_archive([big], ["big:1"])))]
    bars = [item for item in told if item.status == "Loading layer"]
    assert bars
    assert all(b.progress_detail and 0 < b.progress_detail.current <= b.progress_detail.total for b in bars)
    assert told[-1].stream == "Loaded image: big:1\n"


async def test_layers_are_shared(one: Engine) -> None:
    await one.load(docker_archive([A, B], ["web:1"]))
    before = one.left()
    await one.load(docker_archive([A], ["base:1"]))
    assert {name for name in one.left() - before if name.startswith("layers")} == set()
    rows = {
        row.repo_tags[0]: row.shared_size for row in await one.images.list(shared_size=True) if row.repo_tags
    }
    assert rows == {"web:1": 1001, "base:1": 1001}
    await one.images.remove("base:1")
    assert one.left() == before


async def test_save_gives_the_same_bytes_and_loads_again(one: Engine, tmp_path: Path) -> None:
    await one.load(docker_archive([A, B], ["web:1", "web:2"], compress=True))
    await one.load(docker_archive([A], ["base:1"]))
    first = await one.save("web", "base:1")
    assert first == await one.save("web", "base:1")
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        items = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert [item["RepoTags"] for item in items] == [["web:1", "web:2"], ["base:1"]]
        assert {"index.json", "oci-layout", "repositories"} <= set(archive.getnames())
    async with engine(tmp_path / "other") as other:
        assert await other.load(first) == [
            "Loaded image: web:1",
            "Loaded image: web:2",
            "Loaded image: base:1",
        ]
        assert await other.save("web", "base:1") == first
        assert (await other.images.get("web:1")).id == (await one.images.get("web:1")).id


async def test_manifest_of_an_oci_layout_is_kept(one: Engine) -> None:
    await one.load(LAYOUT)
    manifest = (await one.images.get("web:1")).manifest
    with tarfile.open(fileobj=io.BytesIO(LAYOUT)) as archive:
        index = json.load(archive.extractfile("index.json"))  # type: ignore[arg-type]
    assert manifest == index["manifests"][0]["digest"]


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
async def test_skopeo_reads_what_is_saved_and_we_what_it_writes(
    one: Engine, tmp_path: Path, kind: str
) -> None:
    if not shutil.which("skopeo"):
        pytest.skip("needs skopeo")
    await one.load(docker_archive([A, B], ["web:1"]))
    (tmp_path / "ours.tar").write_bytes(await one.save("web:1"))
    policy = tmp_path / "policy.json"
    policy.write_text('{"default":[{"type":"insecureAcceptAnything"}]}')
    source = f"{kind}:{tmp_path}/ours.tar" + (":docker.io/library/web:1" if kind == "docker-archive" else "")
    target = f"{kind}:{tmp_path}/theirs.tar:docker.io/library/copy:1"
    await output_of("skopeo", "--policy", str(policy), "copy", "-q", source, target)
    await one.load((tmp_path / "theirs.tar").read_bytes())
    ours, theirs = await one.images.get("web:1"), await one.images.get("copy:1")
    assert (ours.id, ours.chain_id) == (theirs.id, theirs.chain_id)


async def output_of(*command: str) -> bytes:
    """Run somebody else's program; returns what it printed."""
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def dockerd(base: Path) -> Iterator[list[str]]:
    """A dockerd of our own; yields the docker command that speaks to it."""
    address = f"unix://{base}/s"
    command = [
        "dockerd",
        "--data-root",
        base / "root",
        "--exec-root",
        base / "exec",
        "--pidfile",
        base / "pid",
        "-H",
        address,
    ]
    quiet = [
        "--bridge=none",
        "--iptables=false",
        "--ip-masq=false",
        "--log-level=error",
        "--storage-driver=vfs",
    ]
    with open(base / "log", "wb") as log:
        process = subprocess.Popen([*map(str, command), *quiet], stdout=log, stderr=log)
    try:
        docker = ["docker", "-H", address]
        for _ in range(300):
            if subprocess.run([*docker, "version"], capture_output=True, check=False).returncode == 0:
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.skip("dockerd does not start here: " + (base / "log").read_text()[-300:])
        yield docker
    finally:
        process.terminate()
        process.wait()


async def test_dockerd_reads_what_is_saved_and_we_what_it_writes(one: Engine, tmp_path: Path) -> None:
    if not shutil.which("dockerd") or not shutil.which("docker"):
        pytest.skip("needs dockerd and docker")
    await one.load(docker_archive([A, B], ["web:1", "web:2"]))
    (tmp_path / "ours.tar").write_bytes(await one.save("web"))
    (tmp_path / "d").mkdir()
    with dockerd(tmp_path / "d") as docker:
        out = await output_of(*docker, "load", "-i", str(tmp_path / "ours.tar"))
        assert set(out.splitlines()) >= {b"Loaded image: web:1", b"Loaded image: web:2"}
        theirs = json.loads(await output_of(*docker, "image", "inspect", "web:1"))[0]
        written = await output_of(*docker, "save", "web:1")
    ours = await one.images.inspect("web:1")
    assert (theirs["Id"], theirs["RootFS"]["Layers"], theirs["Size"]) == (
        ours.id,
        ours.root_fs.layers,
        ours.size,
    )
    await one.images.remove("web:1")
    assert await one.load(written) == ["Loaded image: web:1"]
    assert (await one.images.get("web:1")).id == ours.id


async def test_import_with_changes(one: Engine) -> None:
    changes = ["CMD echo hi", 'ENTRYPOINT ["/bin/x"]', "ENV A=1 B='2 3'", "EXPOSE 80", "LABEL l=v", "USER 5"]
    identity = await one.images.import_tar(pieces(gzip.compress(A)), "made", "1", "by test", changes)
    image = await one.images.get("made:1")
    run = image.config.run
    assert image.id == identity
    assert (run.cmd, run.entrypoint, run.env) == (["/bin/sh", "-c", "echo hi"], ["/bin/x"], ["A=1", "B=2 3"])
    assert (run.exposed_ports, run.labels, run.user) == ({"80/tcp": {}}, {"l": "v"}, "5")
    assert files_of(one, image.chain_id) == {"a", "etc", "x"}
    assert (await one.images.history("made:1"))[0].comment == "by test"


@pytest.mark.parametrize("data", [b"", b"hello world", A[:700]])
async def test_import_of_nonsense_leaves_nothing(one: Engine, data: bytes) -> None:
    with pytest.raises(Invalid):
        await one.images.import_tar(pieces(data))
    assert one.left() == set()


async def test_tag_and_untag(one: Engine) -> None:
    await one.load(docker_archive([A], ["web:1"]))
    identity = (await one.images.get("web:1")).id
    await one.images.tag("web:1", "quay.io/me/web")
    assert (await one.images.get("quay.io/me/web:latest")).id == identity
    items = await one.images.remove("web:1")
    assert [(i.untagged, i.deleted) for i in items] == [("web:1", "")]
    with pytest.raises(NotFound, match="No such image: web:1"):
        await one.images.get("web:1")
    items = await one.images.remove("quay.io/me/web")
    assert [i.untagged for i in items if i.untagged] == ["quay.io/me/web:latest"]
    assert next(i.deleted for i in items if i.deleted) == identity
    assert one.left() == set()


async def test_used_image_stays(one: Engine) -> None:
    await one.load(docker_archive([A], ["web:1"]))
    image = await one.images.get("web:1")

    def used(running: bool) -> Callable[[Digest], Sequence[UseRecord]]:
        return lambda _: [UseRecord("c" * 64, running)]

    with pytest.raises(Conflict, match=r"unable to remove repository reference \"web:1\" \(must force\)"):
        await one.images.remove("web:1", in_use=used(False))
    with pytest.raises(Conflict, match=r"cannot be forced.*running container cccccccccccc"):
        await one.images.remove(image.id, force=True, in_use=used(True))
    # A container keeps its layers when the image is forced away.
    await one.snapshots.prepare("c" * 64, ChainId(image.chain_id))
    await one.images.remove("web:1", force=True, in_use=used(False))
    assert one.snapshots.layer(ChainId(image.chain_id)) is not None
    await one.snapshots.remove("c" * 64)
    await one.images.collect()
    assert one.left() == set()


async def test_new_image_takes_a_name_away(one: Engine) -> None:
    await one.load(docker_archive([A], ["web:1"]))
    old = (await one.images.get("web:1")).id
    lines = await one.load(docker_archive([B], ["web:1"]))
    assert lines[0] == f"The image web:1 already exists, renaming the old one with ID {old} to empty string"
    assert (await one.images.get(old)).repo_tags == ()
    dangling = await one.images.list(Filters({"dangling": ("true",)}))
    assert [row.id for row in dangling] == [old]
    pruned = await one.images.prune()
    assert next(i.deleted for i in pruned.images_deleted or [] if i.deleted) == old
    assert pruned.space_reclaimed == 1001
    assert len(await one.images.list()) == 1


async def test_events(one: Engine) -> None:
    await one.load(docker_archive([A], ["web:1"]))
    await one.images.tag("web:1", "web:2")
    await one.images.remove("web:1")
    await one.images.remove("web:2")
    told = [(e.action, e.actor.attributes["name"]) async for e in one.events.subscribe(until=time.time_ns())]
    identity = told[0][1]
    assert told == [
        ("load", identity),
        ("tag", "web:2"),
        ("untag", identity),
        ("untag", identity),
        ("delete", identity),
    ]


async def test_copies_where_there_is_no_overlay(tmp_path: Path) -> None:
    changes = layer({".wh.a": b"", "b": b"b"})
    async with engine(tmp_path, "vfs") as made:
        await made.load(docker_archive([A, changes], ["web:1"]))
        image = await made.images.get("web:1")
        assert files_of(made, image.chain_id) == {"b", "etc", "x"}
        await made.snapshots.prepare("c1", ChainId(image.chain_id))
        root = made.snapshots.rootfs("c1")
        assert not isinstance(root, Overlay)
        assert set(os.listdir(root.path)) == {"b", "etc"}


async def test_image_of_120_layers(one: Engine) -> None:
    layers = [layer({f"f{n}": str(n).encode()}) for n in range(120)]
    await one.load(docker_archive(layers, ["deep:1"]))
    image = await one.images.get("deep:1")
    await one.snapshots.prepare("f" * 64, ChainId(image.chain_id))
    rootfs = one.snapshots.rootfs("f" * 64)
    assert isinstance(rootfs, Overlay)
    assert len(rootfs.lower) == 120


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("megabytes", [16, 40])
async def test_full_disk_is_told_and_freed(small_disk: Path, megabytes: int) -> None:
    """16 MB: the blob fits and its tree does not. 40 MB: not even the archive fits."""
    async with engine(small_disk) as made:
        await made.load(docker_archive([A], ["web:1"]))
        before = made.left()
        big = docker_archive([layer({"small": b"x", "big": os.urandom(megabytes << 20)})], ["big:1"])
        with pytest.raises(NoSpace, match=r"no space left on device: .*(big|layer)"):
            await made.load(big, 1 << 20)
        assert made.left() == before
        assert [row.repo_tags for row in await made.images.list()] == [["web:1"]]
        await made.load(docker_archive([A, B], ["web:2"]))


LOADER = """
import asyncio, os, signal, sys
sys.path[:0] = [sys.argv[3], sys.argv[4]]
from pathlib import Path
from test_images import engine
deeds = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "open", "os.link"}
left = int(sys.argv[5])
def count(event, args):
    global left
    if event in deeds and armed:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
armed = False
sys.addaudithook(count)
async def main():
    global armed
    async with engine(Path(sys.argv[1])) as made:
        archive = Path(sys.argv[2]).read_bytes()
        print("ready", flush=True)
        sys.stdin.readline()
        armed = True
        lines = await made.load(archive, 4096)
        if sys.argv[6] == "remove":
            await made.images.remove("web:1")
        armed = False
        print(lines, left, flush=True)
asyncio.run(main())
"""


def loader(base: Path, archive: Path, deeds: int = 1 << 30, then: str = "") -> subprocess.Popen[str]:
    """An engine in a process of its own that loads when told, and is killed at its n-th deed on the disk."""
    here = Path(__file__).parent
    arguments = [base, archive, here.parent, here, deeds, then]
    process = subprocess.Popen(
        [sys.executable, "-c", LOADER, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


async def test_engines_load_the_same_image_at_once(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    layers = [layer({f"f{n}": os.urandom(2 << 20)}) for n in range(4)]
    archive.write_bytes(docker_archive(layers, ["web:1"]))
    processes = [loader(tmp_path, archive) for _ in range(3)]
    outputs = await asyncio.gather(*(asyncio.to_thread(p.communicate, "go\n") for p in processes))
    assert [out.partition("]")[0] for out, _ in outputs] == ["['Loaded image: web:1'"] * 3
    async with engine(tmp_path) as made:
        assert len((await made.images.get("web:1")).layers) == 4
        kept = made.left()
        await made.images.collect()
        assert made.left() == kept
        await made.images.remove("web:1")
        assert made.left() == set()


async def test_load_and_removal_may_be_killed_anywhere(tmp_path: Path) -> None:
    """kill -9 at the n-th deed on the disk, n from the first to the last: the next engine frees all."""
    archive = tmp_path / "archive"
    archive.write_bytes(docker_archive([layer({f"f{n}": os.urandom(1 << 16)}) for n in range(3)], ["web:1"]))
    plain = 1 << 30
    whole, _ = await asyncio.to_thread(loader(tmp_path, archive, plain, "remove").communicate, "go\n")
    total = plain - int(whole.split()[-1])
    assert total > 20
    for deeds in sorted({1 + step * total // 24 for step in range(24)}):
        process = loader(tmp_path, archive, deeds, "remove")
        output, _ = await asyncio.to_thread(process.communicate, "go\n")
        assert (process.returncode, output) == (-signal.SIGKILL, "")
        async with engine(tmp_path) as made:
            with contextlib.suppress(NotFound):
                image = await made.images.get("web:1")
                assert files_of(made, image.chain_id) == {"f2"}
                await made.images.remove("web:1")
            await made.images.collect()
            assert made.left() == set(), deeds
    async with engine(tmp_path) as made:
        assert await made.load(archive.read_bytes()) == ["Loaded image: web:1"]
