"""Answers in the shapes of older API versions, where they differ from the newest.

What changed when: https://docs.docker.com/reference/api/engine/version-history/
"""

from __future__ import annotations

from typing import Any

from ..filters import Filters
from ..schema import wire
from ..schema.images import ImageInspect, ImageSummary
from ..schema.system import DiskUsage, Info
from .call import Call

# What an image's configuration was printed with while it still was a container's.
_CONTAINER_CONFIG: dict[str, Any] = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
    "AttachStderr": False, "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": None,
    "Image": "", "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": None,
}  # fmt: skip


def image_rows(call: Call, images: list[ImageSummary]) -> object:
    """1.43 printed an image without names no longer as <none>, 1.44 dropped VirtualSize."""
    return images if call.since(1, 44) else [_image_row(call, image) for image in images]


def _image_row(call: Call, image: ImageSummary) -> dict[str, Any]:
    row: dict[str, Any] = {**wire.to_plain(image), "VirtualSize": image.size}
    if not call.since(1, 43):
        nameless = not (image.repo_tags or image.repo_digests)
        row["RepoTags"] = image.repo_tags or (["<none>:<none>"] if nameless else None)
        row["RepoDigests"] = image.repo_digests or (["<none>@<none>"] if nameless else None)
    return row


def image_inspect(call: Call, image: ImageInspect) -> object:
    """1.44 dropped VirtualSize, 1.50 the fields of a container's configuration."""
    if call.since(1, 50):
        return image
    shown: dict[str, Any] = wire.to_plain(image)
    if shown.get("Config") is not None:
        shown["Config"] = {**_CONTAINER_CONFIG, **shown["Config"]}
    if not call.since(1, 44):
        shown["VirtualSize"] = image.size
    if not call.since(1, 45):
        shown |= {"Container": "", "ContainerConfig": _CONTAINER_CONFIG}
    return shown


def info(call: Call, found: Info) -> object:
    """1.42 dropped kernel memory, 1.49 expected commits (and told the firewall), 1.50 bridge netfilter."""
    if call.since(1, 50):
        return found
    shown: dict[str, Any] = wire.to_plain(found)
    shown |= {"BridgeNfIptables": True, "BridgeNfIp6tables": True}
    if not call.since(1, 49):
        shown.get("RegistryConfig", {}).update(
            {"AllowNondistributableArtifactsCIDRs": None, "AllowNondistributableArtifactsHostnames": None}
        )
        for name in ("ContainerdCommit", "RuncCommit", "InitCommit"):
            if shown[name]["ID"]:
                shown[name] = {**shown[name], "Expected": shown[name]["ID"]}
        shown.pop("FirewallBackend", None)
    if not call.since(1, 42):
        shown |= {"KernelMemory": found.kernel_memory, "KernelMemoryTCP": found.kernel_memory_tcp}
    return shown


def disk_usage(call: Call, usage: DiskUsage) -> object:
    """Since 1.42 a client says which kinds it wants."""
    shown: dict[str, Any] = wire.to_plain(usage)
    shown["Images"] = wire.to_plain(image_rows(call, usage.images or []))
    if not call.since(1, 42):
        return shown
    wanted = call.texts("type")
    kinds = {"image": "Images", "container": "Containers", "volume": "Volumes", "build-cache": "BuildCache"}
    if wanted:
        shown |= {key: None for kind, key in kinds.items() if kind not in wanted}
        shown["LayersSize"] = usage.layers_size if "image" in wanted else 0
    return shown


def volume_prune_filters(call: Call) -> Filters:
    """Before 1.42 named volumes went too."""
    filters = call.filters()
    return filters if call.since(1, 42) else Filters({**filters.values, "all": ("1",)})
