"""A container's root file system as the kernel is to mount it: from the snapshotter to the runtime."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overlay:
    """A root file system to be mounted by overlayfs inside the container's own mount namespace.

    `lower` is topmost first. Nothing of it shows in the host's mount table.
    """

    lower: tuple[str, ...]
    upper: str
    work: str


@dataclass(frozen=True, slots=True)
class Directory:
    """A root file system that is a plain directory (the vfs snapshotter, an OCI bundle)."""

    path: str


Rootfs = Overlay | Directory
