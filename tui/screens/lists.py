"""Updates of the picture to rows of the lists: only rows that changed are made anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..acts.action import Target, TargetKind
from ..picture import Changed, Picture
from ..rows import containers, images, layers, networks
from ..rows.cells import Cell, Row
from ..text import Glyphs, clean
from ..widgets.listpane import ListPane

if TYPE_CHECKING:
    from pydock.core.schema.images import HistoryEntry

EMPTY = {
    "container": "no containers: 2 then enter runs one",
    "image": "no images: L loads an archive",
    "layer": "no image selected",
    "network": "no networks",
}


class Lists:
    """The four lists and what they show.

    Invariant: a table's keys are those of the picture's map of its kind.
    """

    def __init__(self, panes: Mapping[TargetKind, ListPane], picture: Picture, glyphs: Glyphs) -> None:
        self.panes = panes
        self.picture = picture
        self.history: Sequence[HistoryEntry] = ()
        self.busy: dict[str, str] = {}
        self._glyphs = glyphs

    def apply(self, change: Changed) -> None:
        """Show what came, changed or went."""
        match change.kind:
            case "container":
                self._update("container", map(self._container, change.upserted), change.removed)
                # Who uses what is counted from the containers.
                self._update("image", self._images(self.picture.images))
                self._update("network", self._networks(self.picture.networks))
            case "image":
                self._update("image", self._images(change.upserted), change.removed)
            case "network":
                self._update("network", self._networks(change.upserted), change.removed)

    def sampled(self, ids: Iterable[str]) -> None:
        """Show the new statistics of these containers."""
        self._update("container", [self._container(id) for id in ids if id in self.picture.containers])

    def grow_older(self) -> None:
        """Let ages and uptimes go on; rows whose words stay the same are not painted."""
        self.sampled(list(self.picture.containers))
        self._update("image", self._images(self.picture.images))

    def set_busy(self, ids: Iterable[str], word: str) -> None:
        """Say in the list what is being done to these, or with an empty word that it is done."""
        for id in ids:
            if word:
                self.busy[id] = word
            else:
                self.busy.pop(id, None)
            if id in self.picture.containers:
                self._update("container", [self._container(id)])

    def show_layers(self, name: str, history: Sequence[HistoryEntry]) -> None:
        """Show the layers of an image."""
        self.history = history
        pane = self.panes["layer"]
        pane.note = name
        pane.table.replace_rows(layers.row(i, entry, time.time()) for i, entry in enumerate(history))
        pane.frame()

    def set_link(self, state: str) -> None:
        """Grey the lists while the line is down; say why an empty list is empty."""
        for kind, pane in self.panes.items():
            pane.table.set_stale(state != "live")
            text = (
                EMPTY[kind] if state == "live" else "connecting" if state == "connecting" else "no connection"
            )
            if pane.table.empty_text != text:
                pane.table.empty_text = text
                pane.table.refresh()

    def target(self, kind: TargetKind, key: str | None) -> Target | None:
        """What a row stands for."""
        match kind:
            case "container" if key in self.picture.containers:
                record = self.picture.containers[key]
                return Target(kind, record.id, containers.name_of(record), record, record.state or "")
            case "image" if key in self.picture.images:
                image = self.picture.images[key]
                return Target(kind, image.id, images.name_of(image), image)
            case "network" if key in self.picture.networks:
                network = self.picture.networks[key]
                return Target(kind, network.id, clean(network.name), network)
            case "layer" if key is not None and int(key) < len(self.history):
                entry = self.history[int(key)]
                return Target(kind, f"{self.panes['layer'].note}#{key}", f"layer {key}", entry)
            case _:
                return None

    def targets(self, kind: TargetKind) -> list[Target]:
        """The marked rows of a list, else the one under its cursor."""
        found = (self.target(kind, key) for key in self.panes[kind].table.targets())
        return [target for target in found if target is not None]

    def cursor(self, kind: TargetKind) -> Target | None:
        return self.target(kind, self.panes[kind].table.key)

    def _update(self, kind: TargetKind, rows: Iterable[Row], removed: Iterable[str] = ()) -> None:
        pane = self.panes[kind]
        before = len(pane.table.rows)
        pane.table.update_rows(rows, removed)
        if len(pane.table.rows) != before:
            pane.frame()

    def _container(self, id: str) -> Row:
        record = self.picture.containers[id]
        passed = time.monotonic() - self.picture.read_at.get(id, time.monotonic())
        row = containers.row(record, self.picture.sample(id), self._glyphs, passed)
        word = self.busy.get(id)
        if word is None:
            return row
        state = Cell(f"{self._glyphs.restarting} {word}", "restarting")
        return Row(row.key, (row.cells[0], state, *row.cells[2:]), row.sort, row.search, row.hidden)

    def _images(self, ids: Iterable[str]) -> list[Row]:
        used, now = self.picture.used_by()[0], time.time()
        return [images.row(self.picture.images[id], used.get(id, 0), now) for id in ids]

    def _networks(self, ids: Iterable[str]) -> list[Row]:
        used = self.picture.used_by()[1]
        records = [self.picture.networks[id] for id in ids]
        return [networks.row(record, used.get(record.name, 0)) for record in records]
