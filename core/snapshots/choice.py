"""Which kind of snapshotter a state root uses: what it has, what is asked for, or what works."""

from __future__ import annotations

import asyncio
import logging

from ..config import Paths
from ..errors import Invalid, Unsupported
from ..state.store import Store
from .layers import Layers
from .overlay import OverlaySnapshotter
from .probe import why_not_overlay
from .snapshotter import Snapshotter, Worker
from .vfs import VfsSnapshotter

_log = logging.getLogger(__name__)
_OVERLAY_NAMES = ("overlay", "overlay2")


async def open_snapshotter(paths: Paths, store: Store, work: Worker, wanted: str = "") -> Snapshotter:
    """Choose and return the snapshotter of a root whose directories exist.

    `wanted` is the `storage_driver` setting. Raises Unsupported when overlayfs is wanted, or used by the
    root, and does not work here; Conflict when the root uses another kind than is wanted.
    """
    if wanted not in ("", "vfs", *_OVERLAY_NAMES):
        raise Invalid(f"unknown storage driver: {wanted}: use overlay2 or vfs")
    layers = Layers(paths, store)
    used = layers.driver()
    name = wanted or used or ""
    if name != VfsSnapshotter.name:
        reason = await asyncio.to_thread(why_not_overlay, paths.tmp)
        if reason and name in _OVERLAY_NAMES:
            raise Unsupported(f"overlayfs can't be used in {paths.root}: {reason}")
        if reason:
            _log.warning("layers are copied in whole (vfs): %s", reason)
        name = VfsSnapshotter.name if reason else OverlaySnapshotter.name
    layers.adopt(name)
    if name == VfsSnapshotter.name:
        return VfsSnapshotter(layers, work)
    return OverlaySnapshotter(layers)
