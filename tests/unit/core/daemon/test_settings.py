from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pydock.core.config import AddressPool
from pydock.core.daemon import flags, settings
from pydock.core.errors import Invalid


def test_docker_s_names_become_settings() -> None:
    found = settings.parse(
        {
            "hosts": ["unix:///a", "tcp://0.0.0.0:2376"],
            "debug": True,
            "data-root": "/data",
            "default-address-pools": [{"base": "10.10.0.0/16", "size": 24}],
            "log-opts": {"max-size": "1m"},
            "tlsverify": True,
        }
    )
    assert found.hosts == ("unix:///a", "tcp://0.0.0.0:2376")
    assert found.level == "debug"
    assert found.data_root == Path("/data")
    assert found.config.default_address_pools == (AddressPool("10.10.0.0/16", 24),)
    assert found.config.log_opts == {"max-size": "1m"}
    assert (found.tls, found.tlsverify) == (None, True)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"dns": ["1.1.1.1"], "userland-proxy": False}, "configuration option: dns, userland-proxy"),
        ({"debug": "yes"}, "invalid debug: it must be true or false"),
        ({"shutdown-timeout": True}, "invalid shutdown-timeout: it must be a number"),
        ({"hosts": [1]}, "invalid hosts"),
        ({"log-level": "loud"}, "invalid log-level: loud"),
        ({"data-root": "here"}, "it must be an absolute path"),
        ({"live-restore": False}, "containers always go on"),
        ({"log-opts": {"max-size": 1}}, "invalid log-opts"),
        ({"default-address-pools": [{"base": "10.0.0.0/24", "size": 16}]}, "do not fit into 10.0.0.0/24"),
        ({"default-address-pools": [{"base": "10.0.0.0/24"}]}, "invalid default-address-pools: each is"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        settings.parse(values)


def test_a_setting_in_both_places_is_refused_in_docker_s_words() -> None:
    with pytest.raises(Invalid) as caught:
        settings.merge({"hosts": ["fd://"], "debug": True}, {"hosts": ["unix:///x"]})
    assert caught.value.message == (
        "the following directives are specified both as a flag and in the configuration file: "
        "hosts: (from flag: [fd://], from file: [unix:///x])"
    )


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(text)
    with pytest.raises(Invalid, match=r"daemon\.json"):
        settings.read(file)


def test_a_missing_file_is_empty_unless_it_was_asked_for(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "none") == {}
    with pytest.raises(Invalid, match="no such file"):
        settings.read(tmp_path / "none", asked_for=True)


def test_flags_have_the_names_of_the_file() -> None:
    words = ["-H", "unix:///a", "-H", "fd://", "--tlsverify", "--tls=false", "-D", "--data-root", "/d",
             "--log-opt", "max-size=1m", "--default-address-pool", "base=10.0.0.0/16,size=24"]  # fmt: skip
    found = flags.values(flags.parser().parse_args(words))
    assert found == {
        "hosts": ["unix:///a", "fd://"],
        "tlsverify": True,
        "tls": False,
        "debug": True,
        "data-root": "/d",
        "log-opts": {"max-size": "1m"},
        "default-address-pools": [{"base": "10.0.0.0/16", "size": 24}],
    }
    assert settings.parse(json.loads(json.dumps(found))).tls is False
