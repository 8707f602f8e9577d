"""The shells that run, shown in a pane or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from .session import ShellSession


class Sessions:
    """Several a container, oldest first; one that ended stays until it is closed. Owned by the app."""

    def __init__(self) -> None:
        self._sessions: dict[str, list[ShellSession]] = {}
        self._shown: set[int] = set()

    def add(self, container: str, session: ShellSession) -> None:
        """Keep a session of the container with this id."""
        self._sessions.setdefault(container, []).append(session)

    def of(self, container: str) -> list[ShellSession]:
        return list(self._sessions.get(container, ()))

    def detached(self, container: str) -> list[ShellSession]:
        """Return the running sessions of a container that no pane shows."""
        return [s for s in self.of(container) if not s.ended and id(s) not in self._shown]

    def __iter__(self) -> Iterator[tuple[str, ShellSession]]:
        return iter([(key, session) for key, sessions in self._sessions.items() for session in sessions])

    def __len__(self) -> int:
        return sum(map(len, self._sessions.values()))

    def show(self, session: ShellSession, shown: bool) -> None:
        """Note whether a pane shows the session."""
        if shown:
            self._shown.add(id(session))
        else:
            self._shown.discard(id(session))

    async def close(self, session: ShellSession) -> None:
        """End a session and forget it."""
        for key, sessions in list(self._sessions.items()):
            if session in sessions:
                sessions.remove(session)
                if not sessions:
                    del self._sessions[key]
        self._shown.discard(id(session))
        await session.close()

    async def close_all(self) -> None:
        """End all of them: the workstation quits."""
        await asyncio.gather(*(self.close(session) for _, session in self))
