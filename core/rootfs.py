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


@dataclass(frozen=True, slots=True)
class Bind:
    """A path of the host, or the part of it at `subpath`, at a place of a root file system."""

    source: str
    target: str
    writable: bool = True
    recursive: bool = True
    subpath: str = ""


@dataclass(frozen=True, slots=True)
class Furnished:
    """The root of a container that does not run, with its volumes and binds, as a worker sees it."""

    rootfs: Overlay | Directory
    binds: tuple[Bind, ...] = ()


@dataclass(frozen=True, slots=True)
class Occupied:
    """The root of a running container, in a copy of its mount namespace.

    The namespace's descriptor is the last of those that a worker is given. `bare` is the root file system
    alone, without what is mounted in it.
    """

    bare: bool = False


View = Overlay | Directory | Furnished | Occupied
"""What a worker may have as its whole file system."""
