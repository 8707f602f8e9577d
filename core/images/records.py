"""What is known of an image: the documents in the state file and the record that others get."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from ..digest import Digest
from ..errors import Invalid
from ..reference import Reference
from ..schema import oci, wire
from ..snapshots.snapshotter import ChainId
from ..state.store import Store, Table
from ..units import parse_timestamp

T = TypeVar("T")


class LayerRecord(msgspec.Struct, frozen=True):
    """One layer of an image: its blob as received, and its unpacked identity. Sizes in bytes."""

    diff_id: str
    chain_id: str
    blob: str
    blob_size: int
    media_type: str
    size: int


class ImageRecord(msgspec.Struct, frozen=True):
    """An image. `id` and `manifest` are digests of blobs; times in ns, `created` 0 when not said.

    `parent` is the id of the image that this one was committed or built from here, or "".
    """

    id: str
    manifest: str
    layers: list[LayerRecord]
    created: int
    recorded: int
    labels: dict[str, str] = {}
    parent: str = ""
    version: int = 1

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    @property
    def chain_id(self) -> str:
        return self.layers[-1].chain_id if self.layers else ""

    def blobs(self) -> list[str]:
        return [self.id, self.manifest, *(layer.blob for layer in self.layers)]


class NameRecord(msgspec.Struct, frozen=True):
    """A reference (canonical form, with tag or digest) and the image it names."""

    name: str
    image: str
    tagged: int


class Records:
    """The two tables of images, and the questions that need both."""

    def __init__(self, store: Store) -> None:
        self.images: Table[ImageRecord] = Table(
            store, "images", ImageRecord, key=lambda i: i.id, columns={"parent": lambda i: i.parent}
        )
        self.names: Table[NameRecord] = Table(
            store, "image_references", NameRecord, key=lambda n: n.name, columns={"image": lambda n: n.image}
        )

    def references(self, identity: str) -> list[Reference]:
        """Return an image's names, in order."""
        return [Reference.parse(str(name)) for (name,) in self.names.select("id", image=identity)]

    def all_references(self) -> Mapping[str, list[Reference]]:
        """Return the names of all images, by image."""
        found: dict[str, list[Reference]] = {}
        for name, image in self.names.select("id", "image"):
            found.setdefault(str(image), []).append(Reference.parse(str(name)))
        return found

    def tags_of(self, repository: Reference) -> list[Reference]:
        """Return the tagged names of a repository."""
        names = [Reference.parse(name.name) for name in self.names.prefix(repository.name + ":")]
        return [name for name in names if not name.digest]

    def children(self, identity: str) -> bool:
        return bool(self.images.select("id", parent=identity))


@dataclass(frozen=True, slots=True)
class Image:
    """An image as the engine uses it. `created` in ns, 0 when not said; `chain_id` is "" without layers."""

    id: Digest
    config: oci.ImageConfig
    chain_id: str
    diff_ids: tuple[str, ...]
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    size: int
    created: int
    manifest: str
    parent: str
    tagged: int
    layers: tuple[LayerRecord, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class UseRecord:
    """A container that was made from an image."""

    container_id: str
    running: bool


def familiar_tags(names: Iterable[Reference]) -> list[str]:
    return sorted(name.familiar for name in names if not name.digest)


def familiar_digests(names: Iterable[Reference]) -> list[str]:
    return sorted(name.familiar for name in names if name.digest)


def chain_ids(diff_ids: Sequence[str]) -> list[ChainId]:
    """Return each layer's chain id, lowest first (image-spec, config.md "Layer ChainID")."""
    chains: list[ChainId] = []
    for diff_id in diff_ids:
        if chains:
            digest = hashlib.sha256(f"{chains[-1]} {diff_id}".encode()).hexdigest()
            chains.append(ChainId(f"sha256:{digest}"))
        else:
            chains.append(ChainId(diff_id))
    return chains


def decode_config(data: bytes) -> oci.ImageConfig:
    """Read an image's configuration as forgivingly as Docker does; raises Invalid."""
    return _decode(data, oci.ImageConfig, "image configuration")


def decode_manifest(data: bytes) -> oci.Manifest:
    return _decode(data, oci.Manifest, "image manifest")


def decode_index(data: bytes) -> oci.Index:
    return _decode(data, oci.Index, "image index")


def _decode(data: bytes, kind: type[T], what: str) -> T:
    try:
        return wire.decode(data, kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
        raise Invalid(f"invalid {what}: {err}") from err


def created_of(config: oci.ImageConfig) -> int:
    """Return when an image was made, in ns; 0 when it does not say or says nonsense."""
    try:
        return parse_timestamp(config.created) if config.created else 0
    except (Invalid, OverflowError):
        return 0
