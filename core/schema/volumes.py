"""Volumes, as the API shows them."""

from __future__ import annotations

from .wire import Wire, always


class UsageData(Wire):
    """`size` in bytes; -1 where it is not known."""

    ref_count: int = always(-1)
    size: int = always(-1)


class Volume(Wire):
    name: str = always("")
    driver: str = always("local")
    mountpoint: str = always("")
    created_at: str = ""
    status: dict[str, str] | None = None
    labels: dict[str, str] | None = always(None)
    scope: str = always("local")
    options: dict[str, str] | None = always(None)
    usage_data: UsageData | None = None


class VolumeCreateRequest(Wire):
    name: str = ""
    driver: str = ""
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class VolumeList(Wire):
    volumes: list[Volume] | None = always([])
    warnings: list[str] | None = always(None)


class VolumesPruneResponse(Wire):
    volumes_deleted: list[str] | None = always(None)
    space_reclaimed: int = always(0)
