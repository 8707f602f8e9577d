"""The mounts that a container is created with; pure.

They come from `-v`, `--mount`, `--tmpfs`, the image's VOLUME and `--volumes-from`:
https://docs.docker.com/engine/storage/volumes/
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ..errors import Invalid, Unsupported
from ..ids import NAME_FORM, valid_name
from ..schema import containers as wire
from .record import Mount
from .spec.mounts import PROPAGATIONS, tmpfs_options

_ACCESS = ("ro", "rw")
_LABELS = ("z", "Z")
_CONSISTENCY = ("consistent", "cached", "delegated", "default")


def wanted(
    config: wire.ContainerConfig,
    host: wire.HostConfig,
    others: Mapping[str, Sequence[Mount]],
) -> list[Mount]:
    """Return one mount for each destination, in order of destination; volumes have no source yet.

    `others` are the mounts of the containers that `host.volumes_from` names (`name[:mode]`). Raises Invalid
    for a wrong or a doubled destination.
    """
    inherited: dict[str, Mount] = {}
    for text in host.volumes_from or ():
        for mount in _inherited(text, others):
            inherited[mount.destination] = mount
    own: dict[str, Mount] = {}
    for mount in [
        *(parse_bind(text, host.volume_driver) for text in host.binds or ()),
        *(_from_wire(mount) for mount in host.mounts or ()),
        *(_tmpfs(destination, text) for destination, text in (host.tmpfs or {}).items()),
    ]:
        if mount.destination in own:
            raise Invalid(f"Duplicate mount point: {mount.destination}")
        own[mount.destination] = mount
    found = {**inherited, **own}
    for destination in config.volumes or ():
        place = _destination(destination, destination)
        found.setdefault(place, _anonymous(place, host.volume_driver))
    return [found[destination] for destination in sorted(found)]


def parse_bind(text: str, driver: str = "") -> Mount:
    """Read `source:destination[:options]`; a source without a slash is a volume's name. Raises Invalid."""
    parts = text.split(":")
    if not 1 <= len(parts) <= 3 or not all(parts[:2]):
        raise Invalid(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return _anonymous(_destination(parts[0], text), driver)
    source, place = parts[0], _destination(parts[1], text)
    mode = parts[2] if len(parts) == 3 else ""
    chosen = _modes(mode)
    writable = "ro" not in chosen
    propagation = next((m for m in chosen if m in PROPAGATIONS), "")
    if source.startswith("/"):
        if "nocopy" in chosen:
            raise Invalid(f"invalid volume specification: '{text}'")
        return Mount(
            type="bind",
            destination=place,
            source=posixpath.normpath(source),
            mode=mode,
            writable=writable,
            propagation=propagation or "rprivate",
            create_source=True,
        )
    if not valid_name(source):
        raise Invalid(
            f'create {source}: "{source}" includes invalid characters for a local volume name, only '
            f'"{NAME_FORM}" are allowed. If you intended to pass a host directory, use absolute path'
        )
    if propagation:
        raise Invalid(f"invalid volume specification: '{text}'")
    return Mount(
        type="volume",
        destination=place,
        name=source,
        driver=driver or "local",
        mode=mode or "z",
        writable=writable,
        copy="nocopy" not in chosen,
    )


def _modes(text: str) -> list[str]:
    chosen = [part for part in text.split(",") if part]
    known = (*_ACCESS, *_LABELS, *PROPAGATIONS, *_CONSISTENCY, "nocopy")
    kinds = [
        sum(part in group for part in chosen) for group in (_ACCESS, _LABELS, PROPAGATIONS, _CONSISTENCY)
    ]
    if any(part not in known for part in chosen) or max(kinds) > 1:
        raise Invalid(f"invalid mode: {text}")
    return chosen


def _destination(path: str, text: str) -> str:
    if not path.startswith("/"):
        raise Invalid(f"invalid mount path: '{path}' mount path must be absolute")
    place = posixpath.normpath("/" + path.lstrip("/"))
    if place == "/":
        raise Invalid(
            f"invalid volume specification: '{text}': invalid specification: destination can't be '/'"
        )
    return place


def _anonymous(destination: str, driver: str) -> Mount:
    return Mount(type="volume", destination=destination, driver=driver or "local", copy=True, anonymous=True)


def _tmpfs(destination: str, text: str) -> Mount:
    place = _destination(destination, destination)
    return Mount(type="tmpfs", destination=place, options=tmpfs_options(text), via="tmpfs")


def _from_wire(asked: wire.Mount) -> Mount:
    """Read one of `--mount`'s; raises Invalid in Docker's words."""
    if not asked.target:
        raise _wrong(asked, "field Target must not be empty")
    if not asked.target.startswith("/"):
        raise _wrong(asked, f"invalid mount path: '{asked.target}' mount path must be absolute")
    place = _destination(asked.target, asked.target)
    match asked.type:
        case "bind":
            return _wire_bind(asked, place)
        case "volume":
            return _wire_volume(asked, place)
        case "tmpfs":
            return _wire_tmpfs(asked, place)
        case "image" | "cluster" | "npipe":
            raise Unsupported(f'mount type "{asked.type}" is not supported')
    raise Invalid(f'mount type "{asked.type}" unknown')


def _wrong(asked: wire.Mount, why: str) -> Invalid:
    return Invalid(f'invalid mount config for type "{asked.type}": {why}')


def _wire_bind(asked: wire.Mount, place: str) -> Mount:
    options = asked.bind_options or wire.BindOptions()
    if not asked.source:
        raise _wrong(asked, "field Source must not be empty")
    if not asked.source.startswith("/"):
        raise _wrong(asked, f"invalid mount path: '{asked.source}' mount path must be absolute")
    if asked.volume_options or asked.tmpfs_options:
        other = "VolumeOptions" if asked.volume_options else "TmpfsOptions"
        raise _wrong(asked, f"field {other} must not be specified")
    if options.propagation and options.propagation not in PROPAGATIONS:
        raise _wrong(asked, f"invalid propagation mode: {options.propagation}")
    return Mount(
        type="bind",
        destination=place,
        source=posixpath.normpath(asked.source),
        writable=not asked.read_only,
        propagation=options.propagation or "rprivate",
        create_source=options.create_mountpoint,
        recursive=not options.non_recursive,
    )


def _wire_volume(asked: wire.Mount, place: str) -> Mount:
    options = asked.volume_options or wire.VolumeOptions()
    if asked.bind_options or asked.tmpfs_options:
        other = "BindOptions" if asked.bind_options else "TmpfsOptions"
        raise _wrong(asked, f"field {other} must not be specified")
    if asked.source and not valid_name(asked.source):
        raise _wrong(
            asked,
            f'"{asked.source}" includes invalid characters for a local volume name, '
            f'only "{NAME_FORM}" are allowed',
        )
    if options.subpath and (options.subpath.startswith("/") or ".." in options.subpath.split("/")):
        raise _wrong(asked, "subpath must be a relative path within the volume")
    driver = options.driver_config.name if options.driver_config else ""
    return Mount(
        type="volume",
        destination=place,
        name=asked.source,
        driver=driver or "local",
        mode="z",
        writable=not asked.read_only,
        copy=not options.no_copy and not options.subpath,
        anonymous=not asked.source,
        subpath=options.subpath,
    )


def _wire_tmpfs(asked: wire.Mount, place: str) -> Mount:
    if asked.source:
        raise _wrong(asked, "field Source must not be specified")
    options = asked.tmpfs_options or wire.TmpfsOptions()
    if options.size_bytes < 0:
        raise _wrong(asked, "invalid tmpfs size: negative")
    text = [f"size={options.size_bytes}"] if options.size_bytes else []
    text += [f"mode={options.mode:o}"] if options.mode else []
    text += ["=".join(option) for option in options.options]
    return Mount(
        type="tmpfs", destination=place, writable=not asked.read_only, options=tmpfs_options(",".join(text))
    )


def _inherited(text: str, others: Mapping[str, Sequence[Mount]]) -> list[Mount]:
    name, colon, mode = text.partition(":")
    if colon:
        _modes(mode)
    readonly = "ro" in mode.split(",")
    return [
        replace(mount, writable=mount.writable and not readonly, copy=False, anonymous=False)
        for mount in others[name]
        if mount.type in ("bind", "volume")
    ]


def volumes_from_names(host: wire.HostConfig) -> list[str]:
    """Name the containers whose mounts are taken over; raises Invalid for an empty name."""
    names = [text.partition(":")[0] for text in host.volumes_from or ()]
    if not all(names):
        raise Invalid("malformed volumes-from specification")
    return names
