"""The images of a state root: the service that the engine builds and the API calls."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..config import DAEMON_FILE, Limits, Paths
from ..deferred import deferred, module
from ..digest import Digest
from ..errors import Conflict, Invalid, NotFound, PydockError
from ..filters import Filters
from ..reference import Reference
from ..schema.images import (
    DeleteItem,
    HistoryEntry,
    ImageInspect,
    ImagesPruneResponse,
    ImageSummary,
    Progress,
)
from ..snapshots.snapshotter import ChainId, Snapshotter, Worker
from ..state.events import Events
from ..state.locks import Locks
from ..state.store import Store
from ..units import now
from . import describe, listing
from .blobs import Blobs
from .progress import Tell, message, streamed
from .records import (
    Image,
    ImageRecord,
    NameRecord,
    Records,
    UseRecord,
    decode_config,
    familiar_digests,
    familiar_tags,
)

if TYPE_CHECKING:
    from ..registry.settings import Settings
    from . import commit as committing
    from . import layers, removal, save
    from . import load as loading
    from . import registries as remote
    from .commit import Committed, Pack
    from .save import Saved
else:
    # A list must not wait for the import of what takes images in and gives them out.
    committing = module(__package__, "commit")
    layers = module(__package__, "layers")
    loading = module(__package__, "load")
    remote = module(__package__, "registries")
    removal = module(__package__, "removal")
    save = module(__package__, "save")

_log = logging.getLogger(__name__)

InUse = Callable[[Digest], Sequence[UseRecord]]
"""The containers that were made from an image."""

_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")
_CONTENT = ("content", "all")


class Images:
    """Images by id and by name; see the package's map for what is on disk and how it is collected."""

    def __init__(
        self,
        paths: Paths,
        store: Store,
        events: Events,
        snapshots: Snapshotter,
        work: Worker,
        limits: Limits | None = None,
        registries: Settings | Path = DAEMON_FILE,
    ) -> None:
        self._store = store
        self._events = events
        self._snapshots = snapshots
        self._locks = Locks(paths.locks)
        self._blobs = Blobs(paths)
        self._records = Records(store)
        limits = limits or Limits()
        self._unpacker = deferred(lambda: layers.Unpacker(self._blobs, snapshots, self._locks, work, limits))
        self._loader = deferred(lambda: loading.Loader(self._blobs, self._unpacker, limits))
        self.registries = deferred(
            lambda: remote.Registries(
                self._blobs,
                self._records,
                self._unpacker,
                self._locks,
                limits,
                self._keep,
                self._adding,
                registries,
            )
        )

    async def get(self, name: str) -> Image:
        """Find an image by name, name@digest, id or the id's beginning; raises NotFound, Invalid."""
        record, _ = self._find(name)
        return self._image(record)

    async def list(
        self, filters: Filters | None = None, all: bool = False, shared_size: bool = False
    ) -> builtins.list[ImageSummary]:
        """Return rows newest first; without `all` those left out that only serve as parents."""
        wanted = filters or Filters()
        wanted.require_known(listing.FILTERS)
        images, names = self._records.images.all(), self._records.all_references()
        if not all:
            parents = {image.parent for image in images}
            images = [image for image in images if names.get(image.id) or image.id not in parents]
        return listing.summaries(images, names, wanted, lambda text: self._find(text)[0].created, shared_size)

    async def inspect(self, name: str) -> ImageInspect:
        image = await self.get(name)
        data = {}
        if image.chain_id:
            data["UpperDir"] = str(self._snapshots.layer_path(ChainId(image.chain_id)))
        return describe.inspect(image, self._snapshots.name, data)

    async def history(self, name: str) -> builtins.list[HistoryEntry]:
        image = await self.get(name)
        return describe.history(image, {image.id: [*image.repo_tags]})

    async def tag(self, source: str, target: str) -> None:
        """Give an image a further name, taking it from the image that has it."""
        record, _ = self._find(source)
        reference = Reference.parse(target).with_default_tag()
        if reference.digest:
            raise Invalid("refusing to create a tag with a digest reference")
        with self._store.transaction(durable=True):
            if self._records.images.get(record.id) is None:
                raise NotFound(f"No such image: {source}")
            self._name(record.id, reference)
            self._events.publish("image", "tag", record.id, {**record.labels, "name": reference.familiar})

    async def remove(
        self, name: str, force: bool = False, prune: bool = True, in_use: InUse = lambda _: ()
    ) -> builtins.list[DeleteItem]:
        """Untag an image and delete it when that was its last name, by Docker's rules; raises Conflict."""
        with self._store.transaction(durable=True):
            record, given = self._find(name)
            names = self._records.references(record.id)
            plan = removal.plan_removal(
                record.id,
                given,
                names,
                in_use(Digest(record.id)),
                self._records.children(record.id),
                force,
            )
            items = [self._untag(record, reference) for reference in plan.untag]
            if plan.delete:
                items += self._delete(record)
        if plan.delete:
            await self.collect()
        return items

    def _untag(self, record: ImageRecord, reference: Reference) -> DeleteItem:
        self._records.names.delete(reference.canonical)
        self._events.publish("image", "untag", record.id, {**record.labels, "name": record.id})
        return DeleteItem(untagged=reference.familiar)

    def _delete(self, record: ImageRecord) -> builtins.list[DeleteItem]:
        self._records.images.delete(record.id)
        self._events.publish("image", "delete", record.id, {**record.labels, "name": record.id})
        needed = {layer.chain_id for image in self._records.images.all() for layer in image.layers}
        gone = [layer.chain_id for layer in reversed(record.layers) if layer.chain_id not in needed]
        return [DeleteItem(deleted=record.id), *(DeleteItem(deleted=chain) for chain in gone)]

    async def prune(
        self, filters: Filters | None = None, in_use: InUse = lambda _: ()
    ) -> ImagesPruneResponse:
        """Remove images that nothing uses: those without a name, or all with the filter dangling=false."""
        wanted = filters or Filters()
        wanted.require_known(listing.PRUNE_FILTERS)
        dangling = wanted.flag("dangling", default=True)
        rest = Filters({key: value for key, value in wanted.values.items() if key != "dangling"})
        items: builtins.list[DeleteItem] = []
        before = self._total()
        for row in listing.summaries(
            self._records.images.all(), self._records.all_references(), rest, lambda _: 0, False
        ):
            if in_use(Digest(row.id)) or (dangling and row.repo_tags):
                continue
            for name in row.repo_tags or [row.id]:
                with contextlib.suppress(Conflict, NotFound):
                    items += await self.remove(name, in_use=in_use)
        return ImagesPruneResponse(images_deleted=items, space_reclaimed=max(0, before - self._total()))

    def _total(self) -> int:
        """Count the bytes of all layers of all images, shared ones once."""
        sizes = {layer.chain_id: layer.size for image in self._records.images.all() for layer in image.layers}
        return sum(sizes.values())

    def load(self, chunks: AsyncIterator[bytes], quiet: bool = False) -> AsyncIterator[Progress]:
        """Load the images of an archive; the stream tells of layers (unless `quiet`) and of what came in."""

        async def work(tell: Tell) -> None:
            async with self._adding():
                for record, names in await self._loader.load(chunks, None if quiet else tell):
                    self._keep(record, names, "load", tell)
                    for line in loading.loaded(record, names):
                        tell(message(line))

        return streamed(work)

    async def import_tar(
        self,
        chunks: AsyncIterator[bytes],
        repo: str = "",
        tag: str = "",
        message: str = "",
        changes: Sequence[str] = (),
    ) -> Digest:
        """Make an image of a root file system's tar; returns its id."""
        names = []
        if repo:
            reference = Reference.parse(f"{repo}:{tag}" if tag else repo).with_default_tag()
            if reference.digest:
                raise Invalid("cannot import digest reference")
            names.append(reference)
        async with self._adding():
            record = await self._loader.import_tar(chunks, message or "Imported from -", changes)
            self._keep(record, names, "import", _untold)
        return Digest(record.id)

    async def commit(self, made: Committed, pack: Pack, repo: str = "", tag: str = "") -> Digest:
        """Make an image of `made.base` and one more layer, named if `repo` says so; returns its id."""
        names = []
        if repo:
            reference = Reference.parse(f"{repo}:{tag}" if tag else repo).with_default_tag()
            if reference.digest:
                raise Invalid("cannot commit to digest reference")
            names.append(reference)
        async with self._adding():
            base = self._find(made.base)[0] if made.base else None
            record = await committing.commit(self._blobs, self._unpacker, base, made, pack)
            self._keep(record, names, "create", lambda _: None)
        return Digest(record.id)

    def save(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """Return the archive of images; a name without tag stands for all tags. Raises NotFound at once."""
        images: dict[str, Saved] = {}
        for name in names:
            for record, references in self._to_save(name):
                former = images.get(record.id, save.Saved(record, ())).names
                images[record.id] = save.Saved(record, tuple(dict.fromkeys([*former, *references])))
        return self._saved(tuple(images.values()))

    async def _saved(self, images: Sequence[Saved]) -> AsyncIterator[bytes]:
        async with self._locks.share(*_CONTENT):
            async for chunk in save.archive(self._blobs, images):
                yield chunk

    def _to_save(self, name: str) -> builtins.list[tuple[ImageRecord, builtins.list[Reference]]]:
        if not _HEX.fullmatch(name):
            wanted = Reference.parse(name)
            if not wanted.tag and not wanted.digest and (tags := self._records.tags_of(wanted)):
                return [(self._find(tag.canonical)[0], [tag]) for tag in tags]
        record, given = self._find(name)
        return [(record, [given] if given is not None and not given.digest else [])]

    def _keep(
        self,
        record: ImageRecord,
        names: Sequence[Reference],
        action: str,
        tell: Tell,
        asked: Reference | None = None,
    ) -> None:
        """Write an image's record and names in one transaction; its event tells of `asked`, or of the id."""
        with self._store.transaction(durable=True):
            former = self._records.images.get(record.id)
            if former is not None:
                # What was committed from here keeps its parent.
                record = msgspec.structs.replace(record, parent=former.parent)
            self._records.images.replace(record)
            for name in names:
                other = self._records.names.get(name.canonical)
                if other is not None and other.image != record.id:
                    tell(
                        message(
                            f"The image {name.familiar} already exists, renaming the old one with ID "
                            f"{other.image} to empty string"
                        )
                    )
                self._name(record.id, name)
            actor, told = (asked.familiar, asked.familiar_name) if asked else (record.id, record.id)
            self._events.publish("image", action, actor, {**record.labels, "name": told})

    def _name(self, identity: str, reference: Reference) -> None:
        self._records.names.replace(NameRecord(reference.canonical, identity, now()))

    @contextlib.asynccontextmanager
    async def _adding(self) -> AsyncIterator[None]:
        """Hold the content lock with all others who add; collect what nobody needs when it is let go."""
        try:
            async with self._locks.share(*_CONTENT):
                yield
        except BaseException:
            await self._collect_after_failure()
            raise
        await self.collect()

    async def _collect_after_failure(self) -> None:
        """Free what was half made; the failure itself is what the caller hears of."""
        try:
            await self.collect()
        except (PydockError, OSError) as err:
            _log.warning("what a failed load left is freed by the next engine: %s", err)

    async def collect(self) -> int:
        """Remove content and layers that nothing refers to, unless somebody adds content now."""
        with self._locks.try_alone(*_CONTENT) as alone:
            if not alone:
                return 0
            images = self._records.images.all()
            blobs = {blob for image in images for blob in image.blobs()}
            # Files first: on a full disk the state file can't even forget a layer.
            freed = await asyncio.to_thread(self._blobs.sweep, blobs)
            return freed + await self._snapshots.sweep({image.chain_id for image in images if image.chain_id})

    def _find(self, name: str) -> tuple[ImageRecord, Reference | None]:
        """Return an image and, when it was found by a name, that name."""
        match = _HEX.fullmatch(name)
        if match and len(match[1]) == 64:
            record = self._records.images.get(f"sha256:{match[1]}")
            if record is None:
                raise NotFound(f"No such image: {name}")
            return record, None
        reference = None
        if not name.startswith("sha256:"):
            reference = Reference.parse(name).with_default_tag()
            named = self._by_reference(reference)
            if named is not None:
                return named, reference
        found = self._records.images.prefix(f"sha256:{match[1]}") if match else []
        if len(found) == 1:
            return found[0], None
        raise NotFound(f"No such image: {reference.familiar if reference else name}")

    def _by_reference(self, reference: Reference) -> ImageRecord | None:
        known = self._records.names.get(reference.canonical)
        if known is None and reference.digest and reference.tag:
            # The digest decides; the tag beside it is for people.
            known = self._records.names.get(reference.pinned(Digest(reference.digest)).canonical)
        return self._records.images.get(known.image) if known is not None else None

    def _image(self, record: ImageRecord) -> Image:
        names = self._records.references(record.id)
        tagged = [int(str(n.tagged)) for n in self._records.names.find(image=record.id)]
        return Image(
            id=Digest(record.id),
            config=decode_config(self._blobs.read(record.id)),
            chain_id=record.chain_id,
            diff_ids=tuple(layer.diff_id for layer in record.layers),
            repo_tags=tuple(familiar_tags(names)),
            repo_digests=tuple(familiar_digests(names)),
            size=record.size,
            created=record.created,
            manifest=record.manifest,
            parent=record.parent,
            tagged=max(tagged, default=0),
            layers=tuple(record.layers),
        )


def _untold(_: Progress) -> None:
    """What a load tells of names, an import does not."""
