"""The live picture of one engine as plain data: what is there, and what an event makes us ask again.

Pure: no I/O, no asyncio, no Textual. `mirror.py` feeds it; widgets read it. Records are immutable by
agreement and kept as the engine sent them, keyed by id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from .rows.stats import History, Sample

if TYPE_CHECKING:
    from pydock.core.schema.containers import ContainerSummary
    from pydock.core.schema.events import Event
    from pydock.core.schema.images import ImageSummary
    from pydock.core.schema.networks import NetworkInspect
    from pydock.core.schema.stats import Stats
    from pydock.core.schema.system import Info

Kind = Literal["container", "image", "network"]
LinkState = Literal["connecting", "live", "lost", "failed"]
R = TypeVar("R", "ContainerSummary", "ImageSummary", "NetworkInspect")

KINDS: tuple[Kind, ...] = ("container", "image", "network")
EVENTS_KEPT = 500
# A list of this many ids is not shorter than the whole list.
MOST_IDS = 20
# Events that change nothing a list shows; an exec health check alone makes three each time.
_SILENT = ("exec_create", "exec_start", "exec_die", "exec_detach", "top", "attach", "detach", "resize")
_SILENT_FAMILY = ("export", "archive-path", "extract-to-dir", "copy", "commit")


@dataclass(frozen=True, slots=True)
class Changed:
    """These records of one kind came or changed, and these are gone."""

    kind: Kind
    upserted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.upserted or self.removed)


@dataclass(frozen=True, slots=True)
class Sampled:
    """New statistics for these containers."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event to show as such."""

    event: Event


@dataclass(frozen=True, slots=True)
class Link:
    """How the connection is; `why` is one line with a cause and what to do, empty while live."""

    state: LinkState
    why: str = ""


Update = Changed | Sampled | Happened | Link


@dataclass(slots=True)
class Wants:
    """What events made stale: whole lists, or single containers by id."""

    whole: set[Kind] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.whole or self.containers)

    def note(self, event: Event) -> None:
        """Remember what this event makes us ask again."""
        action = event.action.partition(":")[0]
        match event.type:
            case "container" if action not in _SILENT and action not in _SILENT_FAMILY:
                self.containers.add(event.actor.id)
            case "image" if action not in ("push", "save"):
                self.whole.add("image")
            case "network":
                self.whole.add("network")
                if container := event.actor.attributes.get("container"):
                    self.containers.add(container)
            case _:
                pass

    def take(self) -> Wants:
        """Hand over what has gathered and start anew; many single ids become the whole list."""
        taken = Wants(self.whole, self.containers)
        self.whole, self.containers = set(), set()
        if len(taken.containers) > MOST_IDS:
            taken.whole.add("container")
        if "container" in taken.whole:
            taken.containers = set()
        return taken


@dataclass(slots=True)
class Picture:
    """All that is known of one engine.

    Invariant: every key of a map is its record's id.
    """

    containers: dict[str, ContainerSummary] = field(default_factory=dict)
    images: dict[str, ImageSummary] = field(default_factory=dict)
    networks: dict[str, NetworkInspect] = field(default_factory=dict)
    history: dict[str, History] = field(default_factory=dict)
    read_at: dict[str, float] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    info: Info | None = None
    link: Link = Link("connecting")

    def replace_containers(self, records: Iterable[ContainerSummary], now: float) -> Changed:
        """Take the whole list; `now` is the monotonic time at which its status texts were true."""
        fresh = {record.id: record for record in records}
        change = _swap("container", self.containers, fresh)
        self._note_read(change, now)
        return change

    def merge_containers(
        self, asked: Collection[str], records: Iterable[ContainerSummary], now: float
    ) -> Changed:
        """Take the answer to a question for some ids; what was asked for and is not there is gone."""
        fresh = {record.id: record for record in records}
        upserted = tuple(id for id, record in fresh.items() if self.containers.get(id) != record)
        removed = tuple(id for id in asked if id not in fresh and id in self.containers)
        self.containers.update(fresh)
        for id in removed:
            del self.containers[id]
        change = Changed("container", upserted, removed)
        self._note_read(change, now)
        return change

    def replace_images(self, records: Iterable[ImageSummary]) -> Changed:
        return _swap("image", self.images, {record.id: record for record in records})

    def replace_networks(self, records: Iterable[NetworkInspect]) -> Changed:
        return _swap("network", self.networks, {record.id: record for record in records})

    def add_stats(self, stats: Mapping[str, Stats], now: float) -> Sampled:
        """Add one sample for each container that still exists."""
        known = tuple(id for id in stats if id in self.containers)
        for id in known:
            self.history.setdefault(id, History()).add(stats[id], now)
        return Sampled(known)

    def add_event(self, event: Event) -> Happened:
        self.events.append(event)
        if len(self.events) > EVENTS_KEPT:
            del self.events[: len(self.events) - EVENTS_KEPT]
        return Happened(event)

    def sample(self, id: str) -> Sample | None:
        history = self.history.get(id)
        return history.last if history else None

    def used_by(self) -> tuple[dict[str, int], dict[str, int]]:
        """How many containers each image id, and each network name, has."""
        images: dict[str, int] = {}
        networks: dict[str, int] = {}
        for record in self.containers.values():
            images[record.image_id] = images.get(record.image_id, 0) + 1
            for name in record.network_settings.networks or ():
                networks[name] = networks.get(name, 0) + 1
        return images, networks

    def totals(self) -> tuple[int, int, int]:
        """Containers that run, that are paused, and all others."""
        states = [record.state for record in self.containers.values()]
        running = sum(state in ("running", "restarting") for state in states)
        paused = states.count("paused")
        return running, paused, len(states) - running - paused

    def _note_read(self, change: Changed, now: float) -> None:
        for id in change.upserted:
            self.read_at[id] = now
        for id in change.removed:
            self.history.pop(id, None)
            self.read_at.pop(id, None)
        for id in change.upserted:
            # A stopped container's next run starts its own history: no line drawn across the gap.
            if self.containers[id].state not in ("running", "paused"):
                self.history.pop(id, None)


def _swap(kind: Kind, held: dict[str, R], fresh: dict[str, R]) -> Changed:
    upserted = tuple(id for id, record in fresh.items() if held.get(id) != record)
    removed = tuple(id for id in held if id not in fresh)
    held.clear()
    held.update(fresh)
    return Changed(kind, upserted, removed)


Publish = Callable[[Update], None]
