"""The directories and rows of layers and container snapshots, for every kind of snapshotter.

A row is written after its directory is whole and deleted before the directory goes: a directory without a
row is garbage, a row without a directory does not occur.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from ..config import Paths
from ..digest import hex_of, parse
from ..errors import Conflict, NotFound
from ..files import atomic_write, remove_tree, storage_error
from ..state.store import Store, Table
from .snapshotter import Layer

_SHORT_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SHORT_LENGTH = 5
_STAGED = "layer-"
_REMOVED = "removed-"
_LINKS = "l"
_DRIVER = "driver"
_DIFF = "diff"


class Snapshot(msgspec.Struct, frozen=True):
    """A container's writable snapshot; `chain_id` is "" above nothing."""

    container_id: str
    chain_id: str


class Layers:
    """What overlay and vfs have in common; see the package's map for the tree on disk."""

    def __init__(self, paths: Paths, store: Store) -> None:
        self.paths = paths
        self._store = store
        self._links = paths.layers / _LINKS
        self.layers: Table[Layer] = Table(
            store,
            "layers",
            Layer,
            key=lambda layer: layer.chain_id,
            columns={"short": lambda layer: layer.short},
        )
        self.snapshots: Table[Snapshot] = Table(
            store,
            "snapshots",
            Snapshot,
            key=lambda s: s.container_id,
            columns={"chain": lambda s: s.chain_id},
        )

    def adopt(self, driver: str) -> None:
        """Mark the root as using this kind; raises Conflict when it has layers of another."""
        file = self.paths.layers / _DRIVER
        current = self.driver()
        if current is None:
            atomic_write(file, driver.encode())
        elif current != driver:
            raise Conflict(f"{self.paths.root} has {current} layers: it can't be used with {driver}")

    def driver(self) -> str | None:
        try:
            return (self.paths.layers / _DRIVER).read_text()
        except FileNotFoundError:
            return None

    def get(self, chain_id: str) -> Layer:
        layer = self.layers.get(chain_id)
        if layer is None:
            raise NotFound(f"no such layer: {chain_id}")
        return layer

    def path(self, chain_id: str) -> Path:
        return self.paths.layers / hex_of(parse(chain_id)) / _DIFF

    def link(self, layer: Layer) -> str:
        return str(self._links / layer.short)

    def chain(self, chain_id: str) -> list[Layer]:
        """Return a layer and all below it, topmost first; raises NotFound."""
        found = []
        while chain_id:
            layer = self.get(chain_id)
            found.append(layer)
            chain_id = layer.parent
        return found

    def stage(self) -> Path:
        with _told("making a layer"):
            staged = self._aside(_STAGED)
            (staged / _DIFF).mkdir(mode=0o755)
            (staged / _DIFF).chmod(0o755)
        return staged / _DIFF

    def commit(self, staged: Path, layer: Layer) -> None:
        """Rename a staged tree to its place, then write its row. Blocking, but short."""
        if self.layers.get(layer.chain_id) is not None:
            self.discard(staged)
            return
        final = self.path(layer.chain_id).parent
        with _told("keeping a layer"):
            if final.exists():
                # What an engine left that was killed between the rename and the row.
                self.discard(final / _DIFF)
            os.rename(staged.parent, final)
            self._links.mkdir(mode=0o700, exist_ok=True)
            layer = msgspec.structs.replace(layer, short=self._new_link(final))
        with self._store.transaction():
            if self.layers.get(layer.chain_id) is None:
                self.layers.insert(layer)

    def discard(self, tree: Path) -> None:
        """Remove a tree `…/<directory>/diff`, out of sight first."""
        self._remove(tree.parent)

    def add_snapshot(self, container_id: str, chain_id: str) -> None:
        with self._store.transaction():
            if chain_id:
                self.get(chain_id)
            self.snapshots.insert(Snapshot(container_id, chain_id))

    def snapshot(self, container_id: str) -> Snapshot:
        found = self.snapshots.get(container_id)
        if found is None:
            raise NotFound(f"no root file system of container {container_id}")
        return found

    def remove_directories(self, container_id: str, *names: str) -> None:
        for name in names:
            self._remove(self.paths.container(container_id) / name)

    async def sweep(self, keep: Collection[str]) -> int:
        """Delete the rows of layers that nothing needs, then the directories without a row."""
        with self._store.transaction():
            parents = {layer.chain_id: layer for layer in self.layers.all()}
            roots = {*keep, *(s.chain_id for s in self.snapshots.all())}
            needed = _closure(roots, {chain: layer.parent for chain, layer in parents.items()})
            unneeded = [layer for chain, layer in parents.items() if chain not in needed]
            for layer in unneeded:
                self.layers.delete(layer.chain_id)
        await asyncio.to_thread(self._remove_orphans, needed & parents.keys(), _shorts(parents, needed))
        return sum(layer.size for layer in unneeded)

    def _remove_orphans(self, needed: Collection[str], shorts: Collection[str]) -> None:
        names = {hex_of(parse(chain)) for chain in needed}
        for entry in os.scandir(self.paths.layers):
            if entry.is_dir(follow_symlinks=False) and entry.name != _LINKS and entry.name not in names:
                self._remove(Path(entry.path))
        if self._links.is_dir():
            for entry in os.scandir(self._links):
                if entry.name not in shorts:
                    os.unlink(entry.path)
        for entry in os.scandir(self.paths.tmp):
            if entry.name.startswith((_STAGED, _REMOVED)):
                remove_tree(Path(entry.path))

    def _new_link(self, final: Path) -> str:
        while True:
            short = "".join(secrets.choice(_SHORT_ALPHABET) for _ in range(_SHORT_LENGTH))
            with contextlib.suppress(FileExistsError):
                os.symlink(f"../{final.name}/{_DIFF}", self._links / short)
                return short

    def _remove(self, path: Path) -> None:
        """Move a directory aside, so that it is gone at once and as a whole, then remove it."""
        aside = self.paths.tmp / f"{_REMOVED}{secrets.token_hex(8)}"
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return
        remove_tree(aside)

    def _aside(self, prefix: str) -> Path:
        path = self.paths.tmp / f"{prefix}{secrets.token_hex(8)}"
        path.mkdir(mode=0o700)
        return path


def _closure(roots: Collection[str], parents: dict[str, str]) -> set[str]:
    needed: set[str] = set()
    for chain in roots:
        while chain and chain not in needed:
            needed.add(chain)
            chain = parents.get(chain, "")
    return needed


def _shorts(layers: dict[str, Layer], needed: Collection[str]) -> set[str]:
    return {layer.short for chain, layer in layers.items() if chain in needed}


@contextlib.contextmanager
def _told(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise storage_error(err, doing) from err
