"""Those who are attached to a container's streams."""

from __future__ import annotations

from collections.abc import Callable

from .loop import Loop
from .peer import Peer

# A client that reads, however slowly, paces the container, as in Docker; one that reads nothing for so long
# is cut off, so that a stopped terminal can't stop a container. HIGH and one chunk are kept for each.
HIGH = 512 << 10
PATIENCE_S = 2.0
FAREWELL_S = 30.0


class Audience:
    """The attached clients. `hold(True)` is to stop the output, `hold(False)` to let it go on."""

    def __init__(self, loop: Loop, hold: Callable[[bool], None]) -> None:
        self._loop = loop
        self._hold = hold
        self._peers: list[Peer] = []
        self._waiting_for: dict[Peer, int] = {}
        self._on_empty: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._peers)

    def add(self, peer: Peer) -> None:
        self._peers.append(peer)

    def output(self, stream: int, data: bytes) -> None:
        for peer in tuple(self._peers):
            peer.output(stream, data)
            if peer.backlog > HIGH and peer.taking and peer not in self._waiting_for:
                self._wait_for(peer)

    def drained(self) -> None:
        """A client has taken all that was there for it."""
        for peer in tuple(self._waiting_for):
            if not peer.backlog or not peer.taking:
                del self._waiting_for[peer]
        if not self._waiting_for:
            self._hold(False)

    def left(self, peer: Peer) -> None:
        """A client's connection is closed."""
        if peer in self._peers:
            self._peers.remove(peer)
        self.drained()
        if not self._peers:
            self._on_empty()

    def when_empty(self, action: Callable[[], None]) -> None:
        """Call `action` when the last client has left."""
        self._on_empty = action

    def end(self) -> None:
        """The streams are over: let everybody take the rest, within bounds."""
        self._waiting_for.clear()
        for peer in tuple(self._peers):
            peer.end()
            self._loop.later(FAREWELL_S, peer.close)

    def _wait_for(self, peer: Peer) -> None:
        self._waiting_for[peer] = peer.taken
        self._hold(True)
        self._loop.later(PATIENCE_S, lambda: self._look_at(peer))

    def _look_at(self, peer: Peer) -> None:
        before = self._waiting_for.get(peer)
        if before is None:
            return
        if peer.taken > before:
            self._waiting_for[peer] = peer.taken
            self._loop.later(PATIENCE_S, lambda: self._look_at(peer))
            return
        peer.cut("the output was not read for too long: detached")
        self._loop.later(FAREWELL_S, peer.close)
        self.drained()
