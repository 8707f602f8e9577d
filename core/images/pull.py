"""`docker pull`: a name at a registry becomes an image here.

Layers are downloaded side by side and unpacked as each arrives. A download is one file below `<root>/tmp`,
kept until the image's record is written: whatever breaks a pull, the next one goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from ..config import Limits
from ..digest import Digest, hex_of, of, parse
from ..errors import Invalid, NoSpace, NotFound, PydockError
from ..reference import Reference
from ..registry.download import fetch, in_thread
from ..registry.names import HUB
from ..registry.repository import Repository, explained
from ..registry.session import connect
from ..registry.settings import Settings
from ..schema import oci
from ..schema.auth import AuthConfig
from ..schema.images import Progress
from ..snapshots.snapshotter import ChainId
from ..state.locks import Locks
from ..units import now
from .archive import FoundImage
from .blobs import Blobs
from .layers import LayerBlob, Unpacker, all_of
from .platforms import host_platform, suits
from .progress import Tell, Throttled, bar
from .records import ImageRecord, Records, chain_ids, created_of, decode_config
from .resolve import Resolved, Resolver

_SHORT = 12

Keep = Callable[[ImageRecord, Sequence[Reference], Reference], None]
"""Writes an image's record and names, in one transaction; the last is what was asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be pulled: `platform` None is this machine's."""

    name: Reference
    platform: oci.Platform | None = None
    all_tags: bool = False


class Puller:
    """Pulls images. The caller holds the content lock shared."""

    def __init__(
        self,
        blobs: Blobs,
        records: Records,
        unpacker: Unpacker,
        locks: Locks,
        limits: Limits,
        settings: Settings,
        keep: Keep,
    ) -> None:
        self._blobs = blobs
        self._records = records
        self._unpacker = unpacker
        self._locks = locks
        self._limits = limits
        self._settings = settings
        self._keep = keep
        self._slots = asyncio.Semaphore(settings.downloads)

    async def pull(self, wish: Wish, credentials: AuthConfig | None, tell: Tell) -> None:
        """Pull from the first of the mirrors and the registry that has it; raises what the last one said."""
        last: PydockError | None = None
        for domain, settings, known in self._places(wish.name.domain, credentials):
            try:
                async with connect(domain, known, settings) as session:
                    await self._pull_from(Repository(session, wish.name.path), wish, tell)
                return
            except NoSpace:
                raise
            except PydockError as err:
                last = err
        assert last is not None
        raise last

    def _places(
        self, domain: str, credentials: AuthConfig | None
    ) -> list[tuple[str, Settings, AuthConfig | None]]:
        """Return where to ask, in order; a mirror gets no credentials, for they are the registry's."""
        places: list[tuple[str, Settings, AuthConfig | None]] = []
        for mirror in self._settings.mirrors if domain == HUB else ():
            scheme, _, rest = mirror.rpartition("://")
            host = rest.partition("/")[0]
            plain = (*self._settings.insecure, host) if scheme == "http" else self._settings.insecure
            places.append((host, replace(self._settings, insecure=plain), None))
        return [*places, (domain, self._settings, credentials)]

    async def _pull_from(self, repository: Repository, wish: Wish, tell: Tell) -> None:
        names = [wish.name]
        if wish.all_tags:
            names = [replace(wish.name, tag=tag) for tag in await repository.tags()]
            if not names:
                raise NotFound(f"repository {wish.name.familiar_name} has no tags")
        for name in names:
            try:
                fresh = await self._pull_one(repository, name, wish.platform, tell)
            except PydockError as err:
                raise explained(err, name.familiar, name.familiar_name) from err
            if not wish.all_tags or name == names[-1]:
                shown_name = wish.name.familiar if wish.all_tags else name.familiar
                state = "Downloaded newer image for" if fresh else "Image is up to date for"
                tell(Progress(status=f"Status: {state} {shown_name}"))

    async def _pull_one(
        self, repository: Repository, name: Reference, platform: oci.Platform | None, tell: Tell
    ) -> bool:
        """Pull one name; returns whether it names another image now than before."""
        wanted = platform or host_platform()
        pulling = Progress(status=f"Pulling from {name.path}", id=name.digest or name.tag)
        digest = parse(name.digest) if name.digest else await repository.manifest_digest(name.tag)
        record = self._up_to_date(name, digest, wanted)
        if record is not None and digest is not None:
            tell(pulling)
            tell(Progress(status=f"Digest: {digest}"))
            self._keep(record, (), name)
            return False
        resolver = Resolver(repository, self._limits)
        found = await resolver.resolve(name, wanted)
        image = await resolver.configuration(found, platform, name)
        tell(pulling)
        record = self._records.images.get(of(image.config)) or await self._fetch(
            repository, found, image, tell
        )
        names = (name.pinned(found.digest),) if name.digest else (name, name.pinned(found.digest))
        former = self._records.names.get(name.canonical)
        self._keep(record, names, name)
        self._blobs.drop_parts([layer.blob for layer in record.layers])
        tell(Progress(status=f"Digest: {found.digest}"))
        return former is None or former.image != record.id

    def _up_to_date(self, name: Reference, digest: Digest | None, wanted: oci.Platform) -> ImageRecord | None:
        """Return the image that the name has here, when it is the one that the registry would give."""
        if digest is None:
            return None
        known = self._records.names.get(name.canonical)
        pinned = self._records.names.get(name.pinned(digest).canonical)
        if known is None or pinned is None or known.image != pinned.image:
            return None
        record = self._records.images.get(known.image)
        if record is None or not suits(decode_config(self._blobs.read(record.id)), wanted):
            return None
        return record

    async def _fetch(
        self, repository: Repository, found: Resolved, image: FoundImage, tell: Tell
    ) -> ImageRecord:
        job = _Fetch(self, repository, found.parsed.layers, image.parsed.rootfs.diff_ids or [], tell)
        digests = [layer.digest for layer in found.parsed.layers]
        try:
            await all_of(*job.jobs())
            await in_thread(self._blobs.sync, digests)
        except (NoSpace, Invalid):
            # A full disk gets back what was taken; what is wrong is not worth going on with.
            self._blobs.drop_parts(digests)
            raise
        chains = zip(job.blobs, job.chains, strict=True)
        return ImageRecord(
            id=self._blobs.write(image.config),
            manifest=self._blobs.write(found.manifest.data),
            layers=[self._unpacker.record(blob, chain) for blob, chain in chains],
            created=created_of(image.parsed),
            recorded=now(),
            labels=image.parsed.run.labels or {},
        )

    def known_blobs(self) -> set[str]:
        """Return the blobs of all recorded images: those are whole."""
        return {blob for image in self._records.images.all() for blob in image.blobs()}

    async def download(
        self, repository: Repository, layer: oci.Descriptor, told: Callable[[int], None]
    ) -> None:
        """Bring a layer's blob into the content store, once among all engines."""
        digest = Digest(layer.digest)
        async with self._locks.hold("download", hex_of(digest)):
            part = self._blobs.part(digest)
            if self._blobs.has(digest) and not part.exists() and await in_thread(self._blobs.intact, digest):
                # Another engine has just recorded it, or died after it had it.
                return
            await fetch(repository, digest, layer.size, part, told, self._settings.back_off)
            self._blobs.adopt_part(digest)

    async def unpack(
        self, layer: LayerBlob, chain: ChainId, parent: ChainId | None, told: Callable[[int], None]
    ) -> None:
        await self._unpacker.ensure(layer, chain, parent, lambda _, current, __: told(current))

    @property
    def in_order(self) -> bool:
        return self._unpacker.copies

    @property
    def slots(self) -> asyncio.Semaphore:
        return self._slots

    def unpacked(self, chain: ChainId) -> bool:
        return self._unpacker.has(chain)


class _Fetch:
    """The layers of one image on their way here. Lists run from the lowest layer up."""

    def __init__(
        self,
        puller: Puller,
        repository: Repository,
        layers: Sequence[oci.Descriptor],
        diff_ids: Sequence[str],
        tell: Tell,
    ) -> None:
        self._puller = puller
        self._repository = repository
        self._layers = layers
        self._tell = tell
        self.chains = chain_ids(diff_ids)
        self.blobs = [
            LayerBlob(diff_id, Digest(layer.digest), layer.media_type)
            for diff_id, layer in zip(diff_ids, layers, strict=True)
        ]
        self._known = puller.known_blobs()
        self._done = [asyncio.Event() for _ in layers]

    def jobs(self) -> list[Awaitable[None]]:
        return [self._layer(n) for n in range(len(self._layers))]

    async def _layer(self, n: int) -> None:
        layer = self._layers[n]
        identity = hex_of(Digest(layer.digest))[:_SHORT]
        if layer.digest in self._known and self._puller.unpacked(self.chains[n]):
            self._tell(Progress(status="Already exists", id=identity))
            self._done[n].set()
            return
        self._tell(Progress(status="Pulling fs layer", id=identity))
        if layer.digest not in self._known:
            await self._download(layer, identity)
        if n and self._puller.in_order:
            await self._done[n - 1].wait()
        told = Throttled(self._tell, "Extracting", identity, layer.size)
        await self._puller.unpack(self.blobs[n], self.chains[n], self.chains[n - 1] if n else None, told)
        self._tell(bar("Extracting", identity, layer.size, layer.size))
        self._tell(Progress(status="Pull complete", id=identity))
        self._done[n].set()

    async def _download(self, layer: oci.Descriptor, identity: str) -> None:
        if self._puller.slots.locked():
            self._tell(Progress(status="Waiting", id=identity))
        async with self._puller.slots:
            told = Throttled(self._tell, "Downloading", identity, layer.size)
            await self._puller.download(self._repository, layer, told)
        self._tell(Progress(status="Verifying Checksum", id=identity))
        self._tell(Progress(status="Download complete", id=identity))
