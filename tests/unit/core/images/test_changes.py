from __future__ import annotations

import pytest

from pydock.core.errors import Invalid
from pydock.core.images.changes import apply_changes
from pydock.core.schema.oci import RuntimeConfig


def test_all_instructions() -> None:
    config = apply_changes(
        RuntimeConfig(env=["A=0", "Z=1"], labels={"old": "1"}),
        [
            'CMD ["a", "b c"]',
            "ENTRYPOINT run it",
            'ENV A=1 B="two words"',
            "env C see dee",
            "EXPOSE 80 90-92/udp",
            "LABEL k=v 'x y=z'",
            "ONBUILD RUN make",
            "STOPSIGNAL SIGINT",
            "USER me:us",
            'VOLUME ["/data", "/more"]',
            "VOLUME /third",
            "WORKDIR /srv",
            "WORKDIR sub",
        ],
    )
    assert config.cmd == ["a", "b c"]
    assert config.entrypoint == ["/bin/sh", "-c", "run it"]
    assert config.env == ["Z=1", "A=1", "B=two words", "C=see dee"]
    assert sorted(config.exposed_ports or ()) == ["80/tcp", "90/udp", "91/udp", "92/udp"]
    assert config.labels == {"old": "1", "k": "v", "x y": "z"}
    assert config.on_build == ["RUN make"]
    assert (config.stop_signal, config.user, config.working_dir) == ("SIGINT", "me:us", "/srv/sub")
    assert sorted(config.volumes or ()) == ["/data", "/more", "/third"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("RUN make", "RUN is not a valid change command"),
        ("FROM x", "FROM is not a valid change command"),
        ("", "an empty line is not a valid"),
        ("CMD", "CMD requires at least one argument"),
        ("EXPOSE http", "invalid port: http"),
        ("EXPOSE 0", "invalid port: 0"),
        ("EXPOSE 70000", "invalid port: 70000"),
        ("ENV A", "must have two arguments"),
        ("ENV A=1 B", "can't find = in 'B'"),
        ("LABEL 'a=b", "LABEL: No closing quotation"),
        ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
    ],
)
def test_bad_instruction_is_told(change: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        apply_changes(RuntimeConfig(), [change])
