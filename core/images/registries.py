"""What an image store does with registries: pull, push, login, and looking before pulling.

The modules that talk to a registry import httpx, which takes longer than most commands: they are imported by
the first call that needs them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from ..config import Limits
from ..errors import Invalid, NotFound
from ..reference import Reference
from ..registry.settings import Settings, load
from ..schema.auth import AuthConfig, AuthResponse
from ..schema.images import DistributionInspect, Progress
from ..state.locks import Locks
from .blobs import Blobs
from .layers import Unpacker
from .platforms import parse_platform
from .progress import Tell, streamed
from .records import ImageRecord, Records


class Keep(Protocol):
    """Writes an image's record and names in one transaction; its event tells of `asked`."""

    def __call__(
        self,
        record: ImageRecord,
        names: Sequence[Reference],
        action: str,
        tell: Tell,
        asked: Reference | None = None,
    ) -> None:
        """Keep an image."""


Adding = Callable[[], AbstractAsyncContextManager[None]]
"""Holds the content lock with all others who add content."""


class Registries:
    """`Images.registries`. Where `settings` is a file, it is read anew for each call."""

    def __init__(
        self,
        blobs: Blobs,
        records: Records,
        unpacker: Unpacker,
        locks: Locks,
        limits: Limits,
        keep: Keep,
        adding: Adding,
        settings: Settings | Path,
    ) -> None:
        self._blobs = blobs
        self._records = records
        self._unpacker = unpacker
        self._locks = locks
        self._limits = limits
        self._keep = keep
        self._adding = adding
        self._given = settings

    @property
    def _settings(self) -> Settings:
        return load(self._given) if isinstance(self._given, Path) else self._given

    def pull(
        self,
        name: Reference,
        platform: str = "",
        credentials: AuthConfig | None = None,
        all_tags: bool = False,
    ) -> AsyncIterator[Progress]:
        """Fetch an image (or all of a repository) from its registry; the stream tells of each layer.

        Raises Invalid at once for a platform that is none.
        """
        from .pull import Puller, Wish

        wish = Wish(
            name if all_tags else name.with_default_tag(),
            parse_platform(platform) if platform else None,
            all_tags,
        )
        puller = Puller(
            self._blobs,
            self._records,
            self._unpacker,
            self._locks,
            self._limits,
            self._settings,
            lambda record, names, asked: self._keep(record, names, "pull", _untold, asked),
        )

        async def work(tell: Tell) -> None:
            async with self._adding():
                await puller.pull(wish, credentials, tell)

        return streamed(work)

    def push(self, name: Reference, credentials: AuthConfig | None = None) -> AsyncIterator[Progress]:
        """Send an image to its registry, without a tag all tags of the repository; the stream tells of it.

        Raises NotFound at once for what is not here, Invalid for a digest.
        """
        from .push import Pusher

        if name.digest:
            raise Invalid("cannot push a digest reference")
        names = [name] if name.tag else self._records.tags_of(name)
        if not names or any(self._records.names.get(each.canonical) is None for each in names):
            raise NotFound(f"An image does not exist locally with the tag: {name.familiar_name}")
        pusher = Pusher(
            self._blobs,
            self._records,
            self._settings,
            lambda record, names, asked: self._keep(record, names, "push", _untold, asked),
        )

        async def work(tell: Tell) -> None:
            async with self._adding():
                await pusher.push(names, credentials, tell)

        return streamed(work)

    async def login(self, credentials: AuthConfig) -> AuthResponse:
        """Try credentials out at their registry; raises Unauthorized, Unavailable."""
        from ..registry.login import login

        return await login(credentials, self._settings)

    async def look(self, name: Reference, credentials: AuthConfig | None = None) -> DistributionInspect:
        """Tell what a name leads to at its registry, and for which platforms; raises NotFound."""
        from .look import look

        return await look(name.with_default_tag(), credentials, self._settings, self._limits)


def _untold(_: Progress) -> None:
    """What a load tells of names, pulls and pushes don't."""
