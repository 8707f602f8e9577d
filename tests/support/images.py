"""Images for tests, made from Debian's busybox-static: no registry is needed anywhere."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

BUSYBOX = Path("/usr/bin/busybox")
_DIRECTORIES = ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "usr/bin", "var")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n1000:x:7:7::/:/bin/sh\n",
    "etc/group": "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n",
    "etc/profile": "PS1='\\w \\$ '\n",
}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@cache
def applets() -> tuple[str, ...]:
    """Names of busybox's programs."""
    listing = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True)
    return tuple(listing.stdout.split())


def _add(archive: tarfile.TarFile, name: str, data: bytes = b"", mode: int = 0o644, **fields: Any) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), mode, 1_700_000_000
    for field, value in fields.items():
        setattr(entry, field, value)
    archive.addfile(entry, io.BytesIO(data))


@cache
def busybox_layer() -> bytes:
    """A root file system tar with busybox and its applets as links."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in _DIRECTORIES:
            mode = 0o1777 if name == "tmp" else 0o700 if name == "root" else 0o755
            _add(archive, name, mode=mode, type=tarfile.DIRTYPE)
        _add(archive, "bin/busybox", BUSYBOX.read_bytes(), 0o755)
        for applet in applets():
            if applet != "busybox":
                _add(archive, f"bin/{applet}", type=tarfile.SYMTYPE, linkname="busybox")
        for name, text in _FILES.items():
            _add(archive, name, text.encode())
    return target.getvalue()


def layer(files: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    """A layer tar with these files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            _add(archive, name, data, mode)
    return target.getvalue()


def docker_archive(
    layers: list[bytes],
    tags: list[str],
    config: Mapping[str, Any] | None = None,
    *,
    compress: bool = False,
    made_by: Sequence[str] = (),
) -> bytes:
    """A `docker save` archive with one image of these layers (uncompressed tars), made by these lines."""
    lines = made_by or [f"layer {n}" for n in range(len(layers))]
    diff_ids = ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]
    image = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-02T03:04:05Z",
        "config": {"Env": [PATH], "Cmd": ["sh"], **(config or {})},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": "2024-01-02T03:04:05Z", "created_by": line} for line in lines],
    }
    encoded = json.dumps(image).encode()
    config_name = hashlib.sha256(encoded).hexdigest() + ".json"
    names = [digest.removeprefix("sha256:") + "/layer.tar" for digest in diff_ids]
    manifest = [{"Config": config_name, "RepoTags": tags, "Layers": names}]
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, config_name, encoded)
        for name, data in zip(names, layers, strict=True):
            _add(archive, name, gzip.compress(data, 1) if compress else data)
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    return target.getvalue()


@cache
def busybox_archive(tag: str = "busybox:latest") -> bytes:
    """A `docker save` archive of a busybox image named `tag`."""
    return docker_archive([busybox_layer()], [tag])
