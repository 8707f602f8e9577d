"""From a name at a registry to one manifest and its configuration, all of it checked before it is used."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ..config import Limits
from ..digest import Digest, parse
from ..errors import Invalid, NotFound, Unsupported
from ..reference import Reference
from ..registry.repository import Fetched, Repository
from ..schema import oci, wire
from .archive import CONFIG_TYPES, DEEPEST_INDEX, FoundImage, FoundLayer, found_image
from .platforms import choose, shown, suits
from .records import decode_index, decode_manifest


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name leads to. `digest` is that of the index or manifest that the name itself names."""

    digest: Digest
    manifest: Fetched
    parsed: oci.Manifest


class Resolver:
    """Reads the descriptions of images in one repository."""

    def __init__(self, repository: Repository, limits: Limits) -> None:
        self._repository = repository
        self._limits = limits

    async def resolve(self, name: Reference, wanted: oci.Platform) -> Resolved:
        """Follow a name through indexes to the manifest for a platform; raises Invalid, Unsupported."""
        top = found = await self._repository.manifest(name.digest or name.tag, self._limits.manifest_bytes)
        for _ in range(DEEPEST_INDEX):
            if not is_index(found):
                return Resolved(top.digest, found, parsed_manifest(found))
            index = decode_index(found.data)
            chosen = choose(index.manifests, wanted, name.familiar)
            found = await self._repository.manifest(parse(chosen.digest), self._limits.manifest_bytes)
            if len(found.data) != chosen.size:
                raise Invalid(f"manifest {chosen.digest} has {len(found.data)} bytes, not {chosen.size}")
        raise Invalid("indexes are nested too deeply")

    async def configuration(
        self, found: Resolved, platform: oci.Platform | None, name: Reference
    ) -> FoundImage:
        wanted = found.parsed.config
        self._check(wanted, self._limits.config_bytes)
        data = await self._repository.blob(wanted.digest, self._limits.config_bytes)
        if len(data) != wanted.size:
            raise Invalid(f"image configuration has {len(data)} bytes, not {wanted.size}")
        for layer in found.parsed.layers:
            self._check(layer, self._limits.layer_bytes)
        layers = tuple(FoundLayer(layer.digest, layer.media_type) for layer in found.parsed.layers)
        image = found_image(data, found.manifest.data, layers, ())
        if platform is not None and not suits(image.parsed, platform):
            actual = oci.Platform(
                image.parsed.architecture, image.parsed.os or "linux", variant=image.parsed.variant
            )
            raise NotFound(
                f"image with reference {name.familiar} was found but does not provide the specified platform "
                f"({shown(platform)}): it is for {shown(actual)}"
            )
        return image

    def _check(self, descriptor: oci.Descriptor, limit: int) -> None:
        if not parse(descriptor.digest).startswith("sha256:"):
            raise Unsupported(f"only sha256 content is kept, not {descriptor.digest[:20]}…")
        if not 0 <= descriptor.size <= limit:
            raise Invalid(f"{descriptor.digest} has {descriptor.size} bytes: at most {limit} are taken")


class _Shape(msgspec.Struct):
    """Which of the two a document is, where its type does not say."""

    manifests: object = None
    config: object = None
    layers: object = None


def is_index(found: Fetched) -> bool:
    """Tell an index from a manifest; raises Invalid for what could be read as both (CVE-2021-41190)."""
    try:
        shape = wire.decode(found.data, _Shape)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as err:
        raise Invalid(f"invalid image manifest: {err}") from err
    single = shape.config is not None or shape.layers is not None
    if shape.manifests is not None and single:
        raise Invalid("invalid image manifest: it is an index and a manifest at once")
    index = shape.manifests is not None
    known = oci.INDEX_TYPES if not index else oci.MANIFEST_TYPES
    if found.media_type in known or not (index or single):
        raise Invalid(f"invalid image manifest: it is not the {found.media_type[:100]!r} that it says it is")
    return index


def parsed_manifest(found: Fetched) -> oci.Manifest:
    """Read an image's manifest; raises Invalid, Unsupported for what is no container image."""
    parsed = decode_manifest(found.data)
    if parsed.config.media_type not in CONFIG_TYPES:
        raise Unsupported(f"not a container image: its configuration is {parsed.config.media_type[:100]!r}")
    return parsed
