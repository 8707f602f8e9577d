"""Archives of Docker before 1.10: a directory a layer, each with its own configuration and its parent's id.

moby, image/spec/v1.md. They have no digests: the layers' are computed here, and with them a configuration of
today's form, the same for the same archive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ..errors import Invalid
from ..schema import oci, wire

_ID = re.compile(r"[0-9a-f]{64}")
_MOST_LAYERS = 250


class V1Image(msgspec.Struct, omit_defaults=True):
    """The `json` file of one layer."""

    id: str
    parent: str = ""
    created: str | None = None
    author: str = ""
    comment: str = ""
    architecture: str = "amd64"
    os: str = "linux"
    docker_version: str = ""
    config: oci.RuntimeConfig | None = None
    container_config: oci.RuntimeConfig | None = None


def repositories(data: bytes) -> dict[str, dict[str, str]]:
    """Read the table of names: repository to tag to the topmost layer's id; raises Invalid."""
    try:
        return wire.decode(data, dict[str, dict[str, str]])
    except (msgspec.MsgspecError, RecursionError) as err:
        raise Invalid(f"invalid repositories file: {err}") from err


def decode(data: bytes, identity: str) -> V1Image:
    try:
        image = wire.decode(data, V1Image)
    except (msgspec.MsgspecError, RecursionError) as err:
        raise Invalid(f"invalid description of layer {identity[:12]}: {err}") from err
    if image.id != identity:
        raise Invalid(f"invalid description of layer {identity[:12]}: it has another id")
    return image


def check_id(identity: str, known: Sequence[str]) -> str:
    """Check an id before it names a member; raises Invalid for a circle, too."""
    if not _ID.fullmatch(identity) or identity in known or len(known) >= _MOST_LAYERS:
        raise Invalid(f"invalid layer id in archive: {identity[:80]!r}")
    return identity


def configuration(chain: Sequence[V1Image], diff_ids: Sequence[str]) -> bytes:
    """Make the configuration of the image whose layers are `chain`, lowest first."""
    top = chain[-1]
    history = [
        oci.History(
            created=step.created,
            author=step.author,
            comment=step.comment,
            created_by=" ".join((step.container_config and step.container_config.cmd) or ()),
        )
        for step in chain
    ]
    return msgspec.json.encode(
        oci.ImageConfig(
            architecture=top.architecture,
            os=top.os,
            created=top.created,
            author=top.author,
            docker_version=top.docker_version,
            config=top.config,
            rootfs=oci.RootFs(diff_ids=list(diff_ids)),
            history=history,
        )
    )
