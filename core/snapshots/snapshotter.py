"""What keeps unpacked layers and makes root file systems of them: the contract of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Literal, NewType, Protocol

import msgspec

from ..rootfs import Rootfs

ChainId = NewType("ChainId", str)
"""The digest that names a layer together with all below it (image-spec, config.md "Layer ChainID")."""


class Layer(msgspec.Struct, frozen=True):
    """One unpacked layer. `parent` is "" for the lowest; `size` is bytes of file content, `created` ns.

    `short` is its name in `layers/l`.
    """

    chain_id: str
    parent: str
    diff_id: str
    size: int
    short: str
    created: int


class Worker(Protocol):
    """Runs a function in a process of its own, on foreign bytes or trees."""

    async def __call__(
        self,
        function: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        root: str | None = None,
        overlay: Rootfs | None = None,
        progress: Callable[[Any], None] | None = None,
    ) -> dict[str, Any]:
        """Run "module:name" of pydock with the root directory changed to `root`; cancelling kills it."""


class Snapshotter(Protocol):
    """Layers by chain id, and one writable snapshot a container.

    A layer is made in three steps: `stage` gives a directory (for vfs a copy of the parent), somebody unpacks
    into it, `commit` makes it a layer at once and as a whole. A layer's tree is never changed afterwards.
    Several engines may work on one root; callers hold the content lock shared while they stage and commit,
    and alone while they `sweep`.
    """

    name: str
    whiteouts: Literal["overlay", "remove"]

    async def stage(self, parent: ChainId | None) -> Path:
        """Make a directory to unpack a layer into; NotFound when `parent` is no layer here."""

    async def commit(self, staged: Path, layer: Layer) -> None:
        """Turn a staged directory into a layer; a layer that another engine made meanwhile wins."""

    async def discard(self, staged: Path) -> None:
        """Remove a staged directory."""

    def layer(self, chain_id: ChainId) -> Layer | None:
        """Return a layer's record."""

    def layer_path(self, chain_id: ChainId) -> Path:
        """Return the directory of a layer's tree."""

    async def prepare(self, container_id: str, chain_id: ChainId | None) -> None:
        """Make the writable snapshot of a container above a layer, or above nothing; NotFound, Conflict."""

    def rootfs(self, container_id: str) -> Rootfs:
        """Return what a container's root is made of; raises NotFound."""

    async def remove(self, container_id: str) -> None:
        """Remove a container's snapshot; absent is fine."""

    async def usage(self, container_id: str) -> int:
        """Count the bytes that a container wrote; raises NotFound."""

    async def sweep(self, keep: Collection[str]) -> int:
        """Remove layers that are neither below one of `keep` nor below a container; returns freed bytes."""
