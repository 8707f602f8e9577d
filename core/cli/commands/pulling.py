"""Fetching and sending images, with progress, and the credentials that go along."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from ...client import Client
from ...client.credentials import Credentials
from ...reference import Reference
from ...schema.auth import AuthConfig
from ...schema.images import Progress
from ..bars import Bars
from ..failure import Failure


async def stored(domain: str) -> AuthConfig:
    """Return the user's credentials for a registry."""
    return await asyncio.to_thread(Credentials().find, domain)


async def pull_missing(client: Client, image: str, platform: str | None, quiet: bool) -> None:
    """Fetch an image that is not there; raises Failure with what the registry or engine said."""
    reference = Reference.parse(image)
    print(f"Unable to find image '{reference.with_default_tag().familiar}' locally", file=sys.stderr)
    await pull(client, reference, platform, quiet, to_stderr=True)


async def pull(
    client: Client,
    reference: Reference,
    platform: str | None,
    quiet: bool,
    to_stderr: bool = False,
    all_tags: bool = False,
) -> None:
    """Fetch an image, or all tags of its repository, telling what happens; raises Failure."""
    tag = "" if all_tags else reference.digest or reference.tag or "latest"
    auth = await stored(reference.domain)
    steps = client.images.pull(reference.familiar_name, tag, platform, auth)
    await show(steps, quiet, to_stderr)


async def show(steps: AsyncIterator[Progress], quiet: bool, to_stderr: bool = False) -> None:
    """Draw progress to its end; raises Failure when it ends in an error."""
    bars = Bars(sys.stderr if to_stderr else sys.stdout)
    async for step in steps:
        if step.error:
            raise Failure(step.error, 125 if to_stderr else 1)
        if not quiet and (step.status or step.stream):
            bars.show(step)
