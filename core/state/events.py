"""What happened, for `/events`: a bounded table that is replayed, then followed by the bell.

https://docs.docker.com/reference/cli/docker/system/events/
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec

from ..bell import Bell
from ..filters import Filters
from ..schema.events import Actor, Event
from .store import Store

KEPT_ROWS = 20_000
_TRIM_EVERY = 512
_BATCH = 256
_NANO = 1_000_000_000
_FILTERS = frozenset(
    {
        "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope",
        "secret", "service", "type", "volume",
    }
)  # fmt: skip


class Ringer(Protocol):
    """What `Bell` offers to those who have news."""

    def ring(self, payload: bytes) -> None:
        """Wake every engine."""


class Events:
    """The event table of a state root.

    Whoever consumes the engine's bell calls `wake()` on payload b"e": that is how events of other engines
    reach the subscribers here. The oldest rows go when there are more than `kept` of them; a subscriber
    that far behind misses them.
    """

    def __init__(self, store: Store, bell: Bell | Ringer, kept: int = KEPT_ROWS) -> None:
        self._store = store
        self._bell = bell
        self._kept = kept
        self._ready: object = None
        self._subscribers: set[asyncio.Event] = set()
        self._encode = msgspec.json.Encoder(order="sorted").encode
        self._attributes = msgspec.json.Decoder(dict[str, str])

    def publish(
        self,
        kind: str,
        action: str,
        identity: str,
        attributes: Mapping[str, str] | None = None,
        time_ns: int | None = None,
    ) -> None:
        """Record an event in the running transaction, or in one of its own; subscribers wake after it."""
        self._create()
        with self._store.transaction():
            cursor = self._store.execute(
                "INSERT INTO events (time, type, action, actor, attributes) VALUES (?, ?, ?, ?, ?)",
                [time_ns or time.time_ns(), kind, action, identity, self._encode(dict(attributes or {}))],
            )
            last = cursor.lastrowid or 0
            if last % _TRIM_EVERY == 0:
                self._store.execute("DELETE FROM events WHERE seq <= ?", [last - self._kept])
            self._store.after_commit(self._announce)

    def wake(self) -> None:
        """Let the subscribers look for news; called for the bell's b"e"."""
        for subscriber in self._subscribers:
            subscriber.set()

    def _announce(self) -> None:
        self.wake()
        self._bell.ring(b"e")

    def subscribe(
        self, since: int | None = None, until: int | None = None, filters: Filters | None = None
    ) -> AsyncIterator[Event]:
        """Replay events from `since`, then follow until `until` (nanoseconds since the epoch).

        Without `since` only what comes after this call is told, unless `until` is given: then everything
        kept up to it, as dockerd does. Raises Invalid for an unknown filter.
        """
        wanted = filters or Filters()
        wanted.require_known(_FILTERS)
        self._create()
        start = 0 if since is not None or until is not None else self._last()
        return self._follow(start, since or 0, until, wanted)

    async def _follow(self, seq: int, since: int, until: int | None, wanted: Filters) -> AsyncIterator[Event]:
        news = asyncio.Event()
        self._subscribers.add(news)
        try:
            while True:
                news.clear()
                rows = self._rows(seq, since, until)
                for position, event in rows:
                    seq = position
                    if matches(event, wanted):
                        yield event
                if len(rows) == _BATCH:
                    # Let others run between the batches of a long replay.
                    await asyncio.sleep(0)
                elif not await _more(news, until):
                    return
        finally:
            self._subscribers.discard(news)

    def _rows(self, seq: int, since: int, until: int | None) -> list[tuple[int, Event]]:
        rows = self._store.execute(
            "SELECT seq, time, type, action, actor, attributes FROM events"
            " WHERE seq > ? AND time >= ? AND time <= ? ORDER BY seq LIMIT ?",
            [seq, since, (1 << 62) if until is None else until, _BATCH],
        )
        return [(row[0], self._event(*row[1:])) for row in rows.fetchall()]

    def _event(self, when: int, kind: str, action: str, identity: str, attributes: bytes) -> Event:
        actor = Actor(id=identity, attributes=self._attributes.decode(attributes))
        event = Event(type=kind, action=action, actor=actor, time=when // _NANO, time_nano=when)
        if kind not in ("container", "image"):
            return event
        image = actor.attributes.get("image", "") if kind == "container" else ""
        return msgspec.structs.replace(event, status=action, id=identity, from_=image)

    def _last(self) -> int:
        row = self._store.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        return int(row[0]) if row else 0

    def _create(self) -> None:
        if self._ready == self._store.epoch:
            return
        self._store.execute(
            "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,"
            " type TEXT NOT NULL, action TEXT NOT NULL, actor TEXT NOT NULL, attributes BLOB NOT NULL)"
        )
        self._ready = self._store.epoch


async def _more(news: asyncio.Event, until: int | None) -> bool:
    """Wait for the next wake-up; False when `until` has come."""
    if until is None:
        await news.wait()
        return True
    left = (until - time.time_ns()) / _NANO
    if left <= 0:
        return False
    # One more look follows: what was written up to `until` may not have rung yet.
    with contextlib.suppress(TimeoutError):
        # Not `wait_for`: where news come together with a cancellation it swallows that (until Python 3.12).
        async with asyncio.timeout(left):
            await news.wait()
    return True


def matches(event: Event, wanted: Filters) -> bool:
    """Tell whether an event passes Docker's event filters (moby, daemon/events/filter.go)."""
    attributes = event.actor.attributes
    actions = wanted.get("event")
    return (
        _among(event.type, wanted.get("type"))
        and _among(event.scope or "local", wanted.get("scope"))
        and (not actions or any(_is_action(event.action, action) for action in actions))
        and wanted.matches_labels(attributes)
        and all(_object(event, kind, wanted.get(kind)) for kind in _OBJECTS)
        and _image(event, wanted.get("image"))
    )


_OBJECTS = ("container", "network", "volume", "plugin", "daemon", "node", "service", "secret", "config")


def _among(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _is_action(action: str, wanted: str) -> bool:
    # "exec_create: sh" and "health_status: healthy" are found by what stands before the colon, too.
    return action == wanted or action.partition(":")[0] == wanted


def _object(event: Event, kind: str, wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return True
    if event.type != kind:
        # `--filter container=web` also shows the network events of that container.
        owner = event.actor.attributes.get(kind, "")
        return bool(owner) and any(owner.startswith(text) for text in wanted)
    name = event.actor.attributes.get("name", "")
    return any(event.actor.id.startswith(text) or name == text.lstrip("/") for text in wanted)


def _image(event: Event, wanted: tuple[str, ...]) -> bool:
    if not wanted:
        return True
    attributes = event.actor.attributes
    names = (
        [event.actor.id, attributes.get("name", "")]
        if event.type == "image"
        else [attributes.get("image", "")]
    )
    names += [name.rpartition(":")[0] for name in names if ":" in name.rpartition("/")[2]]
    return any(text in names for text in wanted)
