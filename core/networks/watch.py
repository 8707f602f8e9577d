"""What other programs take from our networks, noticed when it happens: netlink(7), rtnetlink(7).

Links and addresses come over pyroute2's event stream, in a thread with a loop of its own: its import takes
0.3 s, and its parsing must not hold the engine's loop. A deleted nftables table is told by the kernel's
NFNLGRP_NFTABLES group, read here. For engines that last; others look when they start (`mend`).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from ..linux.nftables.table import TABLE

_IFF_UP = 1
_NETLINK_NETFILTER, _NFTABLES_GROUP = 12, 7
_DELETED_TABLE = 10 << 8 | 2  # NFNL_SUBSYS_NFTABLES, NFT_MSG_DELTABLE
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")
_GENERIC, _NAME = 4, 1
_BUFFER = 1 << 20
_OVERRUN = "overrun"

Event = tuple[str, str, int]
"""The kind (as "RTM_DELLINK"), the link's name or "", its flags."""


async def watch(is_ours: Callable[[str], bool], lost: Callable[[], Awaitable[object]]) -> None:
    """Call `lost` after something of ours may have been lost, until cancelled.

    `is_ours` tells of a link's name whether it is one of our bridges.
    """
    news = asyncio.Event()

    def consider(event: Event) -> None:
        if is_loss(event, is_ours):
            news.set()

    links = _Links(asyncio.get_running_loop(), consider)
    with _tables(news):
        listening = asyncio.ensure_future(asyncio.to_thread(links.listen))
        try:
            while True:
                await news.wait()
                news.clear()
                await lost()
        finally:
            links.stop()
            await asyncio.wait([listening])


def is_loss(event: Event, is_ours: Callable[[str], bool]) -> bool:
    """Tell whether something of ours may be gone after an event."""
    kind, name, flags = event
    match kind:
        case "RTM_DELLINK" | "RTM_DELADDR":
            return is_ours(name)
        case "RTM_NEWLINK":
            return not flags & _IFF_UP and is_ours(name)
    return kind == _OVERRUN


class _Links:
    """Link and address events from a thread. `tell` is called in the engine's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Event], None]) -> None:
        self._engine = loop
        self._tell = tell
        self._stopped = False
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None

    def listen(self) -> None:
        """Block until `stop`."""
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._listen())

    def stop(self) -> None:
        self._stopped = True
        if self._running is not None:
            loop, task = self._running
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(task.cancel)

    async def _listen(self) -> None:
        from pyroute2 import AsyncIPRoute

        task = asyncio.current_task()
        assert task is not None
        self._running = (asyncio.get_running_loop(), task)
        while not self._stopped:
            try:
                async with AsyncIPRoute() as route:
                    await route.bind()
                    # Whatever happened before is seen by looking once.
                    self._say((_OVERRUN, "", 0))
                    while not self._stopped:
                        async for message in route.get():
                            self._say(_event(message))
            except OSError as err:
                if err.errno != errno.ENOBUFS:
                    raise

    def _say(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the engine's loop has ended
            self._engine.call_soon_threadsafe(self._tell, event)


def _event(message: Any) -> Event:
    kind = str(message["event"])
    flags = int(message.get("flags") or 0)
    if kind.endswith("LINK"):
        return kind, str(message.get_attr("IFLA_IFNAME") or ""), flags
    try:
        return kind, socket.if_indextoname(message["index"]), flags
    except (OSError, KeyError, TypeError):
        # No event of a link, or one whose link is gone too, which is told by itself.
        return kind, "", flags


@contextlib.contextmanager
def _tables(news: asyncio.Event) -> Iterator[None]:
    """Set `news` when our table was deleted, or when so much happened that nobody can tell."""
    listener = socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER
    )
    loop = asyncio.get_running_loop()

    def readable() -> None:
        try:
            data = listener.recv(_BUFFER)
        except BlockingIOError:
            return
        except OSError:
            # ENOBUFS: some were dropped.
            news.set()
            return
        if TABLE in deleted_tables(data):
            news.set()

    with listener:
        listener.bind((0, 1 << (_NFTABLES_GROUP - 1)))
        loop.add_reader(listener.fileno(), readable)
        try:
            yield
        finally:
            loop.remove_reader(listener.fileno())


def deleted_tables(data: bytes) -> list[str]:
    """Read the names of deleted tables out of a datagram of the nftables group."""
    found: list[str] = []
    while len(data) >= _HEADER.size:
        length, kind, _, _, _ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            break
        if kind == _DELETED_TABLE:
            found += _names(data[_HEADER.size + _GENERIC : length])
        data = data[(length + 3) & ~3 :]
    return found


def _names(attributes: bytes) -> Iterator[str]:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if length < _ATTRIBUTE.size:
            return
        if kind == _NAME:
            yield attributes[_ATTRIBUTE.size : length].rstrip(b"\0").decode(errors="replace")
        attributes = attributes[(length + 3) & ~3 :]
