"""Images, as the API shows them (the images' own documents are in `oci.py`)."""

from __future__ import annotations

from typing import Any

from .containers import GraphDriver, HealthConfig
from .oci import Platform
from .wire import Wire, always, fresh, names


class ImageSummary(Wire):
    """One row of `docker images`; `created` in seconds, sizes in bytes, -1 where not counted."""

    id: str = always("")
    parent_id: str = always("")
    repo_tags: list[str] | None = always([])
    repo_digests: list[str] | None = always([])
    created: int = always(0)
    size: int = always(0)
    shared_size: int = always(-1)
    labels: dict[str, str] | None = always(None)
    containers: int = always(-1)


class RootFS(Wire):
    type: str = always("layers")
    layers: list[str] | None = None


class ImageMetadata(Wire):
    last_tag_time: str = always("0001-01-01T00:00:00Z")


class ImageInspectConfig(Wire):
    """The part of an image's configuration that `docker image inspect` prints."""

    user: str = ""
    exposed_ports: dict[str, dict[str, Any]] | None = None
    env: list[str] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    volumes: dict[str, dict[str, Any]] | None = None
    working_dir: str = ""
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    args_escaped: bool = False
    healthcheck: HealthConfig | None = None
    on_build: list[str] | None = always(None)
    shell: list[str] | None = None


class ImageInspect(Wire, rename=names(root_fs="RootFS")):
    id: str = always("")
    repo_tags: list[str] | None = always([])
    repo_digests: list[str] | None = always([])
    parent: str = always("")
    comment: str = always("")
    created: str = ""
    docker_version: str = always("")
    author: str = always("")
    config: ImageInspectConfig | None = always(None)
    architecture: str = always("")
    variant: str = ""
    os: str = always("linux")
    os_version: str = ""
    size: int = always(0)
    graph_driver: GraphDriver = fresh(GraphDriver)
    root_fs: RootFS = fresh(RootFS)
    metadata: ImageMetadata = fresh(ImageMetadata)


class HistoryEntry(Wire):
    """One step of an image, newest first; `id` is `<missing>` where no image stands for it."""

    id: str = always("<missing>")
    created: int = always(0)
    created_by: str = always("")
    tags: list[str] | None = always(None)
    size: int = always(0)
    comment: str = always("")


class DeleteItem(Wire):
    """One line of what a removal did: a name gone, or an image gone."""

    untagged: str = ""
    deleted: str = ""


class ImagesPruneResponse(Wire):
    images_deleted: list[DeleteItem] | None = always(None)
    space_reclaimed: int = always(0)


class ImageSearchResult(Wire, rename=None):
    star_count: int = always(0)
    is_official: bool = always(False)
    name: str = always("")
    is_automated: bool = always(False)
    description: str = always("")


class ProgressDetail(Wire, rename=None):
    current: int = 0
    total: int = 0


class ProgressError(Wire, rename=None):
    code: int = 0
    message: str = always("")


class Progress(
    Wire,
    rename=names(
        progress_detail="progressDetail",
        error_detail="errorDetail",
        stream="stream",
        status="status",
        progress="progress",
        id="id",
        error="error",
        aux="aux",
    ),
):
    """One object of the progress streams of load, import, pull, push and build."""

    stream: str = ""
    status: str = ""
    progress_detail: ProgressDetail | None = None
    progress: str = ""
    id: str = ""
    error_detail: ProgressError | None = None
    error: str = ""
    aux: dict[str, Any] | None = None


class DistributionDescriptor(Wire, rename="camel"):
    """What a name points to at its registry; `size` in bytes."""

    media_type: str = always("")
    digest: str = always("")
    size: int = always(0)


class DistributionInspect(Wire):
    """What GET /distribution/{name}/json answers."""

    descriptor: DistributionDescriptor = fresh(DistributionDescriptor)
    platforms: list[Platform] = always([])
