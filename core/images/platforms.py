"""Which platform this machine is, and which manifest of an index suits it (image-spec, image-index.md)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ..errors import Invalid, Unsupported
from ..schema import oci

_MACHINES = {
    "x86_64": ("amd64", ""),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "aarch64": ("arm64", ""),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
}
# What else runs on a machine, best first.
_ALSO = {"amd64": ("386",), "arm64": ("arm",)}
_ALIASES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
}
_PLATFORM = re.compile(r"[a-z0-9_.-]+(/[a-z0-9_.-]+){0,2}")
_OTHER = 50
_ATTESTATION = "vnd.docker.reference.type"


def host_platform() -> oci.Platform:
    machine = os.uname().machine
    architecture, variant = _MACHINES.get(machine, (machine, ""))
    return oci.Platform(architecture=architecture, os="linux", variant=variant or None)


def parse_platform(text: str) -> oci.Platform:
    """Read `os/architecture[/variant]`, or one of the two first; raises Invalid."""
    parts = text.lower().split("/")
    host = host_platform()
    if not _PLATFORM.fullmatch(text.lower()):
        raise Invalid(f"invalid platform: {text[:100]!r}: want os/architecture[/variant]")
    if len(parts) == 1 and parts[0] == "linux":
        return host
    os_name, *rest = parts if len(parts) > 1 else ["linux", parts[0]]
    architecture, variant = _ALIASES.get(rest[0], (rest[0], ""))
    return oci.Platform(architecture, os_name, variant=(rest[1] if len(rest) > 1 else variant) or None)


def suits(image: oci.ImageConfig, wanted: oci.Platform) -> bool:
    """Tell whether an image is for this platform itself, not for one that runs there too."""
    offered = oci.Platform(image.architecture, image.os or "linux", variant=image.variant)
    rank = _rank(offered, wanted)
    return rank is not None and rank < _OTHER


def shown(platform: oci.Platform) -> str:
    return "/".join(part for part in (platform.os, platform.architecture, platform.variant) if part)


def is_attestation(descriptor: oci.Descriptor) -> bool:
    """Tell whether a manifest of an index describes another one instead of being an image."""
    platform = descriptor.platform
    unknown = platform is not None and (platform.os, platform.architecture) == ("unknown", "unknown")
    return unknown or _ATTESTATION in (descriptor.annotations or {})


def choose(index: Sequence[oci.Descriptor], wanted: oci.Platform, where: str) -> oci.Descriptor:
    """Return the manifest for a platform; raises Unsupported, naming those there are, when none suits."""
    images = [descriptor for descriptor in index if not is_attestation(descriptor)]
    ranked = [(_rank(d.platform, wanted), n) for n, d in enumerate(images)]
    suiting = [(rank, n) for rank, n in ranked if rank is not None]
    if suiting:
        return images[min(suiting)[1]]
    there = ", ".join(sorted({shown(d.platform) for d in images if d.platform})) or "none"
    raise Unsupported(f"no image for {shown(wanted)} in {where}: it has {there}")


def _rank(offered: oci.Platform | None, wanted: oci.Platform) -> int | None:
    """Return how well an offer suits, 0 best, None not at all; no platform suits any, but last."""
    if offered is None:
        return 100
    if offered.os != wanted.os:
        return None
    if offered.architecture == wanted.architecture:
        return _variant_rank(offered, wanted)
    others = _ALSO.get(wanted.architecture, ())
    if offered.architecture in others:
        return _OTHER + others.index(offered.architecture)
    return None


def _variant_rank(offered: oci.Platform, wanted: oci.Platform) -> int | None:
    offer, wish = offered.variant or "", wanted.variant or ""
    if offer == wish or (offered.architecture == "arm64" and {offer, wish} <= {"", "v8"}):
        return 0
    if offered.architecture == "amd64":
        # The micro-architecture levels: what needs more than the first is not known to run.
        return 1 if offer in ("", "v1") else 20 + int(offer[1:]) if offer[1:].isdigit() else None
    if offered.architecture == "arm" and offer[1:].isdigit() and wish[1:].isdigit():
        return int(wish[1:]) - int(offer[1:]) if offer <= wish else None
    return 10
