from __future__ import annotations

from pydock.core.digest import Digest
from pydock.core.images.describe import history, inspect
from pydock.core.images.progress import bar
from pydock.core.images.records import Image, LayerRecord, decode_config

CONFIG = b"""{"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05.5Z","author":"me",
"config":{"Cmd":null,"Env":["A=1"],"Labels":null,"ExposedPorts":{"80/tcp":{}},"OnBuild":null,"WorkingDir":""},
"history":[{"created":"2024-01-01T00:00:00Z","created_by":"ADD"},{"created_by":"ENV","empty_layer":true},
{"created":"2024-01-02T03:04:05Z","created_by":"RUN","comment":"c"}],
"rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]}}"""


def image(config: bytes = CONFIG, layers: int = 2) -> Image:
    records = tuple(LayerRecord(f"d{n}", f"c{n}", f"b{n}", 1, "", 10 * (n + 1)) for n in range(layers))
    return Image(
        id=Digest("sha256:id"),
        config=decode_config(config),
        chain_id="c1",
        diff_ids=("sha256:1", "sha256:2"),
        repo_tags=("web:1",),
        repo_digests=(),
        size=30,
        created=1_704_164_645 * 10**9,
        manifest="m",
        parent="",
        tagged=10**9,
        layers=records,
    )


def test_inspect_has_docker_s_shape() -> None:
    shown = inspect(image(), "overlay2", {"UpperDir": "/x"})
    assert (shown.id, shown.repo_tags, shown.created) == ("sha256:id", ["web:1"], "2024-01-02T03:04:05.5Z")
    assert (shown.author, shown.comment, shown.architecture) == ("me", "c", "amd64")
    assert shown.config is not None
    assert (shown.config.env, shown.config.cmd, shown.config.exposed_ports) == (["A=1"], None, {"80/tcp": {}})
    assert shown.root_fs.layers == ["sha256:1", "sha256:2"]
    assert shown.metadata.last_tag_time == "1970-01-01T00:00:01Z"


def test_history_gives_sizes_to_steps_with_layers() -> None:
    steps = history(image(), {"sha256:id": ["web:1"]})
    assert [(s.id, s.created_by, s.size, s.tags) for s in steps] == [
        ("sha256:id", "RUN", 20, ["web:1"]),
        ("<missing>", "ENV", 0, None),
        ("<missing>", "ADD", 10, None),
    ]


def test_history_of_layers_that_no_step_tells_of() -> None:
    steps = history(image(b'{"rootfs":{"type":"layers"}}'), {})
    assert [(s.id, s.size) for s in steps] == [("sha256:id", 20), ("<missing>", 10)]


def test_bar_is_drawn_as_docker_draws_it() -> None:
    assert (
        bar("Loading layer", "abc", 32768, 65536).progress
        == "[" + "=" * 24 + ">" + " " * 25 + "]  32.77kB/65.54kB"
    )
    assert bar("Loading layer", "abc", 0, 0).progress.startswith("[" + "=" * 49 + ">]")
