"""The service: volumes are made, filled, shown and removed."""

from __future__ import annotations

import asyncio
import builtins
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..config import Paths
from ..errors import Conflict, Invalid, NotFound
from ..files import remove_tree
from ..filters import Filters
from ..ids import NAME_FORM, new_id, valid_name
from ..rootfs import Overlay, Rootfs
from ..schema import volumes as wire
from ..state.events import Events
from ..state.locks import Locks
from ..state.store import Store, Table
from ..units import now, rfc3339
from . import mounting
from .record import ANONYMOUS_LABEL, Volume

_DATA = "_data"
_MODE = 0o701
_LIST_FILTERS = ("dangling", "driver", "label", "name")
_PRUNE_FILTERS = ("all", "label", "label!")


class Worker(Protocol):
    """`runtime.client.Runtime.work`."""

    async def __call__(
        self,
        function: str,
        args: dict[str, Any],
        fds: Sequence[int] = (),
        root: str | None = None,
        overlay: Rootfs | None = None,
    ) -> dict[str, Any]:
        """Run a function in a process of its own, inside a root."""


class Volumes:
    """The volumes of a state root.

    The engine sets `users`, the ids of a volume's containers, and `busy`, whether one of them runs.
    """

    def __init__(self, paths: Paths, store: Store, events: Events, locks: Locks, work: Worker) -> None:
        self._paths = paths
        self._store = store
        self._events = events
        self._locks = locks
        self._work = work
        self._volumes = Table(
            store, "volumes", Volume, key=lambda v: v.name, columns={"driver": lambda v: v.driver}
        )
        self.users: Callable[[str], list[str]] = lambda name: []
        self.busy: Callable[[str], bool] = lambda name: False

    def directory(self, name: str) -> Path:
        """Return where a volume's files are."""
        return self._paths.volumes / name / _DATA

    def get(self, name: str) -> Volume:
        """Return a volume's record; raises NotFound."""
        volume = self._volumes.get(name)
        if volume is None:
            raise NotFound(f"get {name}: no such volume")
        return volume

    async def create(self, request: wire.VolumeCreateRequest) -> wire.Volume:
        """Make a volume, or return the one of this name; raises Conflict for another driver, Invalid."""
        volume = await self.ensure(
            request.name, request.driver, labels=request.labels or {}, options=request.driver_opts or {}
        )
        return self._shown(volume)

    async def ensure(
        self,
        name: str,
        driver: str = "",
        *,
        labels: dict[str, str] | None = None,
        options: dict[str, str] | None = None,
        anonymous: bool = False,
    ) -> Volume:
        """Return the volume of this name, made now if need be; an empty name makes an anonymous one."""
        nameless = not name
        name = name or str(new_id())
        _check(name, driver or "local", options or {})
        async with self._locks.hold("volume", name):
            known = self._volumes.get(name)
            if known is not None:
                if driver and driver != known.driver:
                    raise Conflict(f"create {name}: conflict: volume name must be unique")
                return known
            return self._make(name, labels or {}, options or {}, anonymous or nameless)

    def _make(self, name: str, labels: dict[str, str], options: dict[str, str], anonymous: bool) -> Volume:
        if anonymous:
            labels = {ANONYMOUS_LABEL: "", **labels}
        volume = Volume(name=name, created=now(), labels=labels, options=options, anonymous=anonymous)
        place = self.directory(name)
        place.parent.mkdir(mode=_MODE, exist_ok=True)
        place.mkdir(mode=0o755, exist_ok=True)
        place.chmod(0o755)
        with self._store.transaction(durable=True):
            self._volumes.insert(volume)
            self._events.publish("volume", "create", name, {"driver": volume.driver})
        return volume

    async def mount(self, name: str) -> None:
        """Have a volume's file system at its place, if it has one of its own; raises NotFound, Internal.

        Whoever calls this is known to `busy` before, and calls `release` in the end.
        """
        wanted = mounting.plan(self.get(name).options)
        if wanted is not None:
            async with self._locks.hold("volume", name):
                # A server that does not answer takes its time.
                await asyncio.to_thread(mounting.mount, wanted, self.directory(name))

    async def release(self, name: str) -> None:
        """Take a volume's file system away when no container is busy with it; absent is fine."""
        volume = self._volumes.get(name)
        if volume is None or not volume.options:
            return
        async with self._locks.hold("volume", name):
            if not self.busy(name):
                await asyncio.to_thread(mounting.unmount, self.directory(name))

    async def fill(self, name: str, rootfs: Rootfs, destination: str) -> None:
        """Copy what a root file system has at `destination` into a volume that is still empty."""
        if self.get(name).options:
            # It is filled where its file system is, which no container uses yet.
            return
        async with self._locks.hold("volume", name):
            directory = os.open(self.directory(name), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if os.listdir(directory):
                    return
                place: dict[str, Any] = (
                    {"overlay": rootfs} if isinstance(rootfs, Overlay) else {"root": rootfs.path}
                )
                await self._work(
                    "pydock.core.volumes.copyup:run", {"path": destination}, fds=[directory], **place
                )
            finally:
                os.close(directory)

    async def inspect(self, name: str) -> wire.Volume:
        """Return a volume as the API shows it; raises NotFound."""
        return self._shown(self.get(name))

    def _shown(self, volume: Volume) -> wire.Volume:
        return wire.Volume(
            name=volume.name,
            driver=volume.driver,
            mountpoint=str(self.directory(volume.name)),
            created_at=rfc3339(volume.created // 1_000_000_000 * 1_000_000_000),
            labels=volume.labels or None,
            options=volume.options or None,
        )

    async def list(self, filters: Filters | None = None) -> list[wire.Volume]:
        """Return the volumes that pass the filters, by name; raises Invalid."""
        wanted = filters or Filters()
        wanted.require_known(_LIST_FILTERS)
        patterns = [_pattern(text) for text in wanted.get("name")]
        chosen = []
        for volume in self._volumes.all():
            if patterns and not any(pattern.search(volume.name) for pattern in patterns):
                continue
            if wanted.get("driver") and volume.driver not in wanted.get("driver"):
                continue
            if not wanted.matches_labels(volume.labels):
                continue
            if wanted.get("dangling") and wanted.flag("dangling") == bool(self.users(volume.name)):
                continue
            chosen.append(self._shown(volume))
        return chosen

    async def remove(self, name: str, force: bool = False) -> None:
        """Remove a volume with its files; raises Conflict while in use, NotFound unless forced."""
        if self._volumes.get(name) is None:
            if force:
                return
            self.get(name)
        async with self._locks.hold("volume", name):
            users = self.users(name)
            if users:
                raise Conflict(f"remove {name}: volume is in use - [{', '.join(users)}]")
            doomed = self._paths.tmp / f"volume-{os.urandom(8).hex()}"
            with self._store.transaction(durable=True):
                if self._volumes.delete(name):
                    self._events.publish("volume", "destroy", name, {"driver": "local"})
            place = self._paths.volumes / name
            await asyncio.to_thread(mounting.unmount, self.directory(name))
            if place.exists():
                os.rename(place, doomed)
        await asyncio.to_thread(remove_tree, doomed)

    async def prune(self, filters: Filters | None = None) -> wire.VolumesPruneResponse:
        """Remove unused anonymous volumes, and named ones with the filter `all`; tells the bytes freed."""
        wanted = filters or Filters()
        wanted.require_known(_PRUNE_FILTERS)
        named = wanted.flag("all")
        deleted: list[str] = []
        freed = 0
        for volume in self._volumes.all():
            if not (volume.anonymous or named) or self.users(volume.name):
                continue
            unwanted = wanted.get("label!") and wanted.matches_labels(volume.labels, "label!")
            if unwanted or not wanted.matches_labels(volume.labels):
                continue
            size = await asyncio.to_thread(self.size, volume.name)
            try:
                await self.remove(volume.name)
            except (Conflict, NotFound):
                continue
            deleted.append(volume.name)
            freed += size
        self._events.publish("volume", "prune", "", {"reclaimed": str(freed)})
        return wire.VolumesPruneResponse(volumes_deleted=deleted or None, space_reclaimed=freed)

    def size(self, name: str) -> int:
        """Count the bytes of a volume's files; blocking."""
        total = 0
        for parent, _, files in os.walk(self.directory(name)):
            for file in files:
                try:
                    total += os.lstat(os.path.join(parent, file)).st_size
                except FileNotFoundError:
                    continue
        return total

    async def sweep(self) -> builtins.list[str]:
        """Remove directories without a record, of a creation or removal that was cut off; returns names."""
        removed = []
        for place in sorted(self._paths.volumes.iterdir()):
            if self._volumes.get(place.name) is not None:
                continue
            async with self._locks.hold("volume", place.name):
                if self._volumes.get(place.name) is None:
                    await asyncio.to_thread(mounting.unmount, self.directory(place.name))
                    await asyncio.to_thread(remove_tree, place)
                    removed.append(place.name)
        return removed


def _check(name: str, driver: str, options: dict[str, str]) -> None:
    if not valid_name(name):
        raise Invalid(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            f'"{NAME_FORM}" are allowed. If you intended to pass a host directory, use absolute path'
        )
    if driver != "local":
        raise NotFound(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
    try:
        mounting.plan(options)
    except Invalid as err:
        raise Invalid(f"create {name}: {err}") from err


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as err:
        raise Invalid(f"invalid filter 'name={text}': {err}") from err
