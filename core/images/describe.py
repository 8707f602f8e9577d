"""An image as the API shows it: `image inspect` and `image history`."""

from __future__ import annotations

import msgspec

from ..schema import oci, wire
from ..schema.containers import GraphDriver
from ..schema.images import HistoryEntry, ImageInspect, ImageInspectConfig, ImageMetadata, RootFS
from ..units import SECOND, ZERO_TIME, rfc3339
from .records import Image, created_of


def inspect(image: Image, driver: str, driver_data: dict[str, str]) -> ImageInspect:
    config = image.config
    return ImageInspect(
        id=image.id,
        repo_tags=list(image.repo_tags),
        repo_digests=list(image.repo_digests),
        parent=image.parent,
        comment=config.comment or _last_comment(config),
        created=config.created or ZERO_TIME,
        docker_version=config.docker_version,
        author=config.author,
        config=run_config(config.run),
        architecture=config.architecture,
        variant=config.variant or "",
        os=config.os or "linux",
        os_version=config.os_version or "",
        size=image.size,
        graph_driver=GraphDriver(name=driver, data=driver_data),
        root_fs=RootFS(layers=list(image.diff_ids) or None),
        metadata=ImageMetadata(last_tag_time=rfc3339(image.tagged)),
    )


def _last_comment(config: oci.ImageConfig) -> str:
    return config.history[-1].comment if config.history else ""


def run_config(config: oci.RuntimeConfig) -> ImageInspectConfig:
    """Turn the configuration of an image into the API's record of it: the same names, other defaults."""
    return wire.convert(msgspec.to_builtins(config), ImageInspectConfig)


def history(image: Image, tags: dict[str, list[str]]) -> list[HistoryEntry]:
    """Return the steps of an image, newest first; `tags` are names by image id."""
    steps = list(image.config.history or ())
    sizes = [layer.size for layer in image.layers]
    entries, used = [], 0
    for step in steps:
        size = 0
        if not step.empty_layer and used < len(sizes):
            size = sizes[used]
            used += 1
        entries.append(_step(step, size))
    # Layers that the history does not know: archives of other programs.
    entries += [HistoryEntry(size=size) for size in sizes[used:]]
    if not entries:
        entries = [HistoryEntry(created=image.created // SECOND)]
    entries.reverse()
    entries[0] = msgspec.structs.replace(entries[0], id=image.id, tags=tags.get(image.id) or None)
    return entries


def _step(step: oci.History, size: int) -> HistoryEntry:
    created = created_of(oci.ImageConfig(created=step.created)) // SECOND
    return HistoryEntry(created=created, created_by=step.created_by, size=size, comment=step.comment)
