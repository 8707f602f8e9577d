"""Images that the judges need, from Debian's busybox-static, as their `make_images.sh` makes them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any

from support.images import BUSYBOX, PATH, applets, layer

_DIRECTORIES = (
    "bin dev etc home lib lib64 proc root sys tmp usr usr/bin usr/sbin sbin "
    "var var/spool var/spool/mail var/www"
)
_USERS = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
"""
_GROUPS = """root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
wheel:x:10:root
audio:x:29:
www-data:x:33:
users:x:100:
nobody:x:65534:
nogroup:x:65533:
"""
_FILES = {
    "etc/passwd": _USERS,
    "etc/group": _GROUPS,
    "etc/shadow": "root:*:10933:0:99999:7:::\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def _root() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:

        def add(name: str, data: bytes = b"", **fields: Any) -> None:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), 1_700_000_000
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(data))

        for name in _DIRECTORIES.split():
            add(name, type=tarfile.DIRTYPE, mode=0o1777 if name == "tmp" else 0o755)
        add("bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        for applet in applets():
            if applet != "busybox":
                add(f"bin/{applet}", type=tarfile.SYMTYPE, linkname="busybox")
        add("usr/bin/env", type=tarfile.SYMTYPE, linkname="/bin/env")
        for name, text in _FILES.items():
            add(name, text.encode(), mode=0o644)
    return target.getvalue()


def _archive(layers: list[bytes], tags: list[str], config: dict[str, Any], made_by: list[str]) -> bytes:
    """A `docker save` archive; what of `made_by` is beyond the layers made none."""
    ids = [hashlib.sha256(data).hexdigest() for data in layers]
    history = [
        {"created": "2026-01-02T03:04:05Z", "created_by": text, "empty_layer": n >= len(layers)}
        for n, text in enumerate(made_by)
    ]
    image = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-02T03:04:05Z",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{identity}" for identity in ids]},
            "history": history,
        }
    ).encode()
    name = hashlib.sha256(image).hexdigest() + ".json"
    files = {f"{identity}/layer.tar": data for identity, data in zip(ids, layers, strict=True)}
    manifest = [{"Config": name, "RepoTags": tags, "Layers": list(files)}]
    return layer({name: image, **files, "manifest.json": json.dumps(manifest).encode()})


def busybox() -> bytes:
    made_by = ["/bin/sh -c #(nop) ADD file:cc66ba848cfe61d84 in / ", '/bin/sh -c #(nop)  CMD ["sh"]']
    return _archive([_root()], ["busybox:latest"], {"Env": [PATH], "Cmd": ["sh"]}, made_by)


def golden(tags: list[str], who: str, labels: dict[str, str]) -> bytes:
    """What the Dockerfile in golden.sh makes, for an engine that can't build it yet."""
    config = {
        "Env": [PATH, "A=1", "B=two words"],
        "Cmd": ["echo default $A $B; id -u; pwd; cat out"],
        "Entrypoint": ["/bin/sh", "-c"],
        "User": "1000:1000",
        "WorkingDir": "/w",
        "Volumes": {"/v": {}},
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "StopSignal": "SIGTERM",
        "Labels": {"golden": "1", "a": "b c", **labels},
        "Healthcheck": {
            "Test": ["CMD-SHELL", "true"],
            "Interval": 2_000_000_000,
            "Timeout": 1_000_000_000,
            "Retries": 2,
        },
    }
    layers = [_root(), layer({"w/f.txt": b"hello\n"}), layer({"w/out": f"hi {who}\n".encode()})]
    return _archive(layers, tags, config, ["ADD", "COPY", "RUN"])
