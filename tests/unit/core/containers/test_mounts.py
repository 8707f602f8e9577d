from __future__ import annotations

import pytest

from pydock.core.containers.mounts import parse_bind, wanted
from pydock.core.containers.record import Mount
from pydock.core.errors import Invalid, Unsupported
from pydock.core.schema import containers as wire


def test_a_host_path_is_a_bind() -> None:
    assert parse_bind("/host/../path:/c/:ro") == Mount(
        type="bind",
        destination="/c",
        source="/path",
        mode="ro",
        writable=False,
        propagation="rprivate",
        create_source=True,
    )
    assert parse_bind("/a:/b:rslave,z").propagation == "rslave"


def test_a_name_is_a_volume() -> None:
    found = parse_bind("vol:/data:nocopy")
    assert (found.type, found.name, found.copy, found.driver) == ("volume", "vol", False, "local")
    assert parse_bind("vol:/data").mode == "z"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:b:c:d", "invalid volume specification"),
        (":/x", "invalid volume specification"),
        ("/a:/", "destination can't be '/'"),
        ("/a:b", "mount path must be absolute"),
        ("/a:/b:nonsense", "invalid mode: nonsense"),
        ("/a:/b:ro,rw", "invalid mode"),
        ("/a:/b:nocopy", "invalid volume specification"),
        ("rel/path:/m", 'includes invalid characters for a local volume name, only "\\[a-zA-Z0-9\\]'),
        ("vol:/m:rslave", "invalid volume specification"),
    ],
)
def test_nonsense_is_refused(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        parse_bind(text)


def _wanted(others: dict[str, list[Mount]] | None = None, **host: object) -> list[Mount]:
    volumes = host.pop("volumes", None)
    config = wire.ContainerConfig(volumes=volumes)  # type: ignore[arg-type]
    return wanted(config, wire.HostConfig(**host), others or {})  # type: ignore[arg-type]


def test_what_the_user_mounts_hides_the_images_volume() -> None:
    found = _wanted(binds=["/host:/data"], volumes={"/data": {}, "/other": {}})
    assert [(mount.destination, mount.type) for mount in found] == [("/data", "bind"), ("/other", "volume")]
    assert found[1].anonymous


def test_one_place_is_mounted_once() -> None:
    with pytest.raises(Invalid, match="Duplicate mount point: /x"):
        _wanted(binds=["/a:/x"], tmpfs={"/x/": ""})


def test_mounts_of_other_containers_are_taken_over() -> None:
    others = {"web": [Mount(type="volume", destination="/v", name="vol", copy=True, anonymous=True)]}
    (found,) = _wanted(others, volumes_from=["web:ro"])
    assert (found.writable, found.copy, found.anonymous) == (False, False, False)


@pytest.mark.parametrize(
    ("mount", "words"),
    [
        (wire.Mount(type="bind", target="/m"), "field Source must not be empty"),
        (wire.Mount(type="bind", source="/x"), "field Target must not be empty"),
        (wire.Mount(type="bind", source="x", target="/m"), "mount path must be absolute"),
        (wire.Mount(type="tmpfs", source="/x", target="/m"), "field Source must not be specified"),
        (wire.Mount(type="volume", source="a/b", target="/m"), "includes invalid characters"),
        (wire.Mount(type="nonsense", target="/m"), 'mount type "nonsense" unknown'),
        (
            wire.Mount(type="volume", target="/m", volume_options=wire.VolumeOptions(subpath="../x")),
            "relative path within the volume",
        ),
    ],
)
def test_wrong_mounts_are_refused_in_dockers_words(mount: wire.Mount, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        _wanted(mounts=[mount])


def test_what_is_not_built_says_so() -> None:
    with pytest.raises(Unsupported):
        _wanted(mounts=[wire.Mount(type="image", source="x", target="/m")])


def test_a_tmpfs_mount_has_size_and_mode() -> None:
    options = wire.TmpfsOptions(size_bytes=1000, mode=0o700)
    (found,) = _wanted(mounts=[wire.Mount(type="tmpfs", target="/t", tmpfs_options=options)])
    assert found.options == ("noexec", "nosuid", "nodev", "size=1000", "mode=700")
