"""Which members of an archive make which images: Docker archives and OCI layouts, as plain data.

Docker archive: `manifest.json` names configuration, layers and tags (moby, image/tarexport). OCI layout:
`index.json` leads by digest to manifests (image-spec, image-layout.md). Archives of Docker 25 and later are
both; `manifest.json` wins there, as in dockerd. `repositories` alone is Docker's before 1.10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from ..config import Limits
from ..digest import Digest, hex_of, parse
from ..errors import Invalid, Unsupported
from ..reference import Reference
from ..schema import oci, wire
from . import legacy
from .platforms import choose, host_platform, is_attestation, shown
from .records import decode_config, decode_index, decode_manifest

DEEPEST_INDEX = 4
CONFIG_TYPES = (oci.MEDIA_OCI_CONFIG, oci.MEDIA_DOCKER_CONFIG)
_NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class _ManifestItem(msgspec.Struct, rename="pascal"):
    """One image of `manifest.json`."""

    config: str
    layers: list[str] | None = None
    repo_tags: list[str] | None = None


class Found(Protocol):
    """A member as this module needs it."""

    @property
    def digest(self) -> Digest:
        """The digest of its content."""

    @property
    def size(self) -> int:
        """Its length in bytes."""


class Members(Protocol):
    """An archive's members by name; `Spool` is one."""

    def find(self, name: str) -> Found | None:
        """Return a member, or None."""

    def get(self, name: str) -> Found:
        """Return a member; raises Invalid."""

    def read(self, name: str, limit: int) -> bytes:
        """Return a small member's content; raises Invalid."""


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer of a found image: its member's name and its type, "" when the archive doesn't say."""

    member: str
    media_type: str


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image in an archive. `manifest` is None where the archive has none of its own.

    Invariant: as many layers as the configuration has diff ids.
    """

    config: bytes
    parsed: oci.ImageConfig
    manifest: bytes | None
    layers: tuple[FoundLayer, ...]
    names: tuple[Reference, ...]


def find_images(members: Members, limits: Limits) -> list[FoundImage]:
    """Read an archive's tables; raises Invalid, or Unsupported for other platforms' images."""
    if members.find("manifest.json"):
        found = _docker(members, limits)
    elif members.find("index.json"):
        found = _layout(members, limits)
    elif members.find("repositories"):
        found = _legacy(members, limits)
    else:
        raise Invalid("not an image archive: it has neither manifest.json nor index.json")
    if not found:
        raise Invalid("archive has no image")
    return found


def _docker(members: Members, limits: Limits) -> list[FoundImage]:
    text = members.read("manifest.json", limits.manifest_bytes)
    try:
        items = wire.decode(text, list[_ManifestItem])
    except (msgspec.MsgspecError, RecursionError) as err:
        raise Invalid(f"invalid manifest.json: {err}") from err
    images = []
    for item in items:
        config = members.read(item.config, limits.config_bytes)
        names = tuple(_name(tag) for tag in item.repo_tags or ())
        layers = tuple(FoundLayer(name, "") for name in item.layers or ())
        images.append(found_image(config, None, layers, names))
    return images


def _legacy(members: Members, limits: Limits) -> list[FoundImage]:
    tops: dict[str, list[Reference]] = {}
    for repository, tags in legacy.repositories(members.read("repositories", limits.manifest_bytes)).items():
        for tag, identity in tags.items():
            tops.setdefault(identity, []).append(_name(f"{repository}:{tag}"))
    images = []
    for identity, names in tops.items():
        chain: list[legacy.V1Image] = []
        while identity:
            legacy.check_id(identity, [image.id for image in chain])
            chain.insert(0, legacy.decode(members.read(f"{identity}/json", limits.config_bytes), identity))
            identity = chain[0].parent
        layers = tuple(FoundLayer(f"{image.id}/layer.tar", "") for image in chain)
        config = legacy.configuration(chain, [members.get(layer.member).digest for layer in layers])
        images.append(found_image(config, None, layers, tuple(names)))
    return images


def _name(text: str) -> Reference:
    name = Reference.parse(text).with_default_tag()
    if name.digest:
        raise Invalid(f"archive gives a name by digest: {text[:200]!r}")
    return name


def found_image(
    config: bytes, manifest: bytes | None, layers: tuple[FoundLayer, ...], names: tuple[Reference, ...]
) -> FoundImage:
    """Describe an image whose parts are known; raises Invalid, Unsupported when they don't fit."""
    parsed = decode_config(config)
    if parsed.rootfs.type not in ("layers", ""):
        raise Invalid(f"invalid image configuration: rootfs of type {parsed.rootfs.type[:40]!r}")
    diff_ids = parsed.rootfs.diff_ids or []
    for diff_id in diff_ids:
        parse(diff_id)
    if len(diff_ids) != len(layers):
        raise Invalid(f"invalid manifest: {len(layers)} layers, and {len(diff_ids)} in the configuration")
    if parsed.os and parsed.os != "linux":
        raise Unsupported(f"image is for {parsed.os[:40]}: this engine runs linux images")
    return FoundImage(config, parsed, manifest, layers, names)


def _layout(members: Members, limits: Limits) -> list[FoundImage]:
    index = decode_index(members.read("index.json", limits.manifest_bytes))
    entries = [entry for entry in index.manifests if not is_attestation(entry)]
    host = host_platform()
    if all(entry.platform is not None and not _names(entry) for entry in entries) and len(entries) > 1:
        # One image for several platforms, laid out without an index of its own.
        entries = [choose(entries, host, "index.json")]
    images: dict[bytes, FoundImage] = {}
    for entry in entries:
        manifest = _resolve(members, limits, entry, host, 0)
        if manifest is None:
            continue
        found = _from_manifest(members, limits, manifest)
        former = images.get(found.config)
        names = (former.names if former else ()) + _names(entry)
        images[found.config] = replace(found, names=names)
    return list(images.values())


def _blob(members: Members, limits: Limits, descriptor: oci.Descriptor, limit: int) -> bytes:
    """Read what a descriptor points to, checked against its digest and size."""
    name = member_name(descriptor)
    member = members.get(name)
    if member.digest != descriptor.digest or member.size != descriptor.size:
        raise Invalid(f"wrong digest: {name} is {member.digest} of {member.size} bytes")
    return members.read(name, limit)


def member_name(descriptor: oci.Descriptor) -> str:
    """Return where an OCI layout keeps what a descriptor points to."""
    digest = parse(descriptor.digest)
    if not digest.startswith("sha256:"):
        raise Unsupported(f"only sha256 content is kept, not {digest[:20]}…")
    return f"blobs/sha256/{hex_of(digest)}"


def _resolve(
    members: Members, limits: Limits, entry: oci.Descriptor, host: oci.Platform, depth: int
) -> bytes | None:
    """Follow nested indexes to the manifest for this machine; None for what is no image."""
    data = _blob(members, limits, entry, limits.manifest_bytes)
    if entry.media_type in oci.MANIFEST_TYPES:
        return data
    if entry.media_type not in oci.INDEX_TYPES:
        return None
    if depth == DEEPEST_INDEX:
        raise Invalid("indexes are nested too deeply")
    index = decode_index(data)
    chosen = choose(index.manifests, host, f"index {entry.digest}")
    if members.find(member_name(chosen)) is None:
        raise Unsupported(
            f"archive has no image for {shown(host)}: index {entry.digest} names it, its content is not there"
        )
    return _resolve(members, limits, chosen, host, depth + 1)


def _from_manifest(members: Members, limits: Limits, data: bytes) -> FoundImage:
    manifest = decode_manifest(data)
    if manifest.config.media_type not in CONFIG_TYPES:
        raise Invalid(f"not a container image: its configuration is {manifest.config.media_type[:100]!r}")
    config = _blob(members, limits, manifest.config, limits.config_bytes)
    layers = []
    for descriptor in manifest.layers:
        name = member_name(descriptor)
        member = members.get(name)
        if member.digest != descriptor.digest or member.size != descriptor.size:
            raise Invalid(f"wrong digest: {name} is {member.digest} of {member.size} bytes")
        layers.append(FoundLayer(name, descriptor.media_type))
    return found_image(config, data, tuple(layers), ())


def _names(entry: oci.Descriptor) -> tuple[Reference, ...]:
    """Return the name that an index gives to a manifest; a bare tag ("latest") is none."""
    for key in _NAME_ANNOTATIONS:
        text = (entry.annotations or {}).get(key, "")
        if ":" in text or "/" in text:
            try:
                return (_name(text),)
            except Invalid:
                continue
    return ()
