"""Fetching an image that a container needs, with progress on stderr."""

from __future__ import annotations

import sys

from ...client import Client
from ...reference import Reference
from ..failure import Failure


async def pull_missing(client: Client, image: str, platform: str | None, quiet: bool) -> None:
    """Fetch an image that is not there; raises Failure with what the registry or engine said."""
    reference = Reference.parse(image)
    print(f"Unable to find image '{reference.with_default_tag().familiar}' locally", file=sys.stderr)
    await pull(client, reference, platform, quiet, to_stderr=True)


async def pull(
    client: Client, reference: Reference, platform: str | None, quiet: bool, to_stderr: bool = False
) -> None:
    """Fetch an image, telling what happens line by line; raises Failure."""
    out = sys.stderr if to_stderr else sys.stdout
    tag = reference.digest or reference.tag or "latest"
    async for step in client.images.pull(reference.familiar_name, tag, platform):
        if step.error:
            raise Failure(step.error, 125 if to_stderr else 1)
        if quiet or (step.progress_detail is not None and step.progress_detail.total):
            continue
        prefix = f"{step.id}: " if step.id else ""
        print(f"{prefix}{step.status}", file=out)
