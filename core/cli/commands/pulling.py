"""Fetching an image that a container needs, with progress on stderr."""

from __future__ import annotations

import sys

from ...client import Client
from ...reference import Reference
from ..failure import Failure


async def pull_missing(client: Client, image: str, platform: str | None, quiet: bool) -> None:
    """Fetch an image that is not there; raises Failure with what the registry or engine said."""
    reference = Reference.parse(image)
    print(f"Unable to find image '{_with_tag(reference)}' locally", file=sys.stderr)
    await pull(client, reference, platform, quiet, to_stderr=True)


def _with_tag(reference: Reference) -> str:
    text = reference.familiar
    return text if reference.digest or reference.tag else f"{text}:latest"


async def pull(
    client: Client, reference: Reference, platform: str | None, quiet: bool, to_stderr: bool = False
) -> None:
    """Fetch an image, telling what happens line by line; raises Failure."""
    out = sys.stderr if to_stderr else sys.stdout
    repo, tag = _split(reference)
    async for step in client.images.pull(repo, tag, platform):
        if step.error:
            raise Failure(step.error, 125 if to_stderr else 1)
        if quiet or (step.progress_detail is not None and step.progress_detail.total):
            continue
        prefix = f"{step.id}: " if step.id else ""
        print(f"{prefix}{step.status}", file=out)


def _split(reference: Reference) -> tuple[str, str]:
    text = reference.familiar
    if reference.digest:
        repo, _, digest = text.partition("@")
        return repo, digest
    if reference.tag:
        repo, _, tag = text.rpartition(":")
        return repo, tag
    return text, "latest"
