"""Tests of credentials: config.json and helpers, as docker keeps them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from pydock.core.client.credentials import Credentials
from pydock.core.errors import Internal, Invalid
from pydock.core.schema.auth import AuthConfig, decode_header, encode_header

HELPER = """#!/bin/sh
dir={directory}
echo "$1" >> "$dir/calls"
case "$1" in
store) cat > "$dir/stored" ;;
erase) cat > "$dir/erased" ;;
get) read -r server
  if [ "$server" = known.example ]; then echo '{{"ServerURL":"known.example","Username":"u","Secret":"s"}}'
  elif [ "$server" = token.example ]; then echo '{{"Username":"<token>","Secret":"idt"}}'
  elif [ "$server" = broken.example ]; then echo "keychain is locked"; exit 1
  else echo "credentials not found in native keychain"; exit 1; fi ;;
esac
"""


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin/docker-credential-fake"
    program.parent.mkdir()
    program.write_text(HELPER.format(directory=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return tmp_path


def credentials(tmp_path: Path, config: object = None) -> Credentials:
    path = tmp_path / "config.json"
    if config is not None:
        path.write_text(json.dumps(config))
    return Credentials(path)


def joined(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("domain", "user"),
    [
        ("docker.io", "hub"),
        ("localhost:5000", "local"),
        ("url.example", "url"),
        ("other.example", ""),
        ("example", ""),
    ],
)
def test_what_docker_stored_is_found(tmp_path: Path, domain: str, user: str) -> None:
    config = {
        "auths": {
            "https://index.docker.io/v1/": {"auth": joined("hub:a:b")},
            "localhost:5000": {"auth": joined("local:x")},
            "https://url.example/v1/": {"auth": joined("url:x")},
        }
    }
    found = credentials(tmp_path, config).find(domain)
    assert found.username == user
    assert found.password == {"hub": "a:b", "": ""}.get(user, "x")


def test_nothing_is_found_without_a_file(tmp_path: Path) -> None:
    assert credentials(tmp_path).find("docker.io").empty


def test_stored_credentials_leave_all_else_as_it_was(tmp_path: Path) -> None:
    mine = credentials(tmp_path, {"HttpHeaders": {"a": "b"}, "auths": {"other": {"auth": joined("o:p")}}})
    path = mine.store("docker.io", AuthConfig(username="u", password="p"))
    assert path == tmp_path / "config.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert mine.find("docker.io").password == "p"
    assert mine.find("docker.io").serveraddress == "https://index.docker.io/v1/"
    assert mine.find("other").username == "o"
    assert json.loads(path.read_text())["HttpHeaders"] == {"a": "b"}
    assert mine.erase("docker.io")
    assert not mine.erase("docker.io")
    assert mine.find("docker.io").empty


def test_an_identity_token_is_kept_instead_of_the_password(tmp_path: Path) -> None:
    mine = credentials(tmp_path)
    mine.store("r.example", AuthConfig(username="u", identitytoken="idt"))
    found = mine.find("r.example")
    assert (found.username, found.password, found.identitytoken) == ("u", "", "idt")


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "config.json").symlink_to(tmp_path / "real.json")
    credentials(tmp_path).store("r.example", AuthConfig(username="u", password="p"))
    assert (tmp_path / "config.json").is_symlink()
    assert "r.example" in (tmp_path / "real.json").read_text()


def test_a_helper_keeps_finds_and_forgets(helper: Path) -> None:
    mine = credentials(helper, {"credsStore": "fake"})
    assert mine.find("known.example").password == "s"
    assert mine.find("token.example").identitytoken == "idt"
    assert mine.find("unknown.example").empty
    assert mine.store("new.example", AuthConfig(username="u", password="p")) is None
    stored = json.loads((helper / "stored").read_text())
    assert stored == {"ServerURL": "new.example", "Username": "u", "Secret": "p"}
    assert joined("u:p") not in (helper / "config.json").read_text()
    assert mine.erase("new.example")
    assert (helper / "erased").read_text() == "new.example"


def test_a_helper_serves_the_registry_that_it_is_named_for(helper: Path) -> None:
    config = {"credHelpers": {"known.example": "fake"}, "auths": {"plain.example": {"auth": joined("a:b")}}}
    mine = credentials(helper, config)
    assert mine.find("known.example").username == "u"
    assert mine.find("plain.example").username == "a"


@pytest.mark.parametrize("store", ["fake", "missing"])
def test_a_helper_that_fails_gives_no_other_registrys_credentials(helper: Path, store: str) -> None:
    auths = {
        "https://index.docker.io/v1/": {"auth": joined("hub:secret")},
        "broken.example": {"auth": joined("old:old")},
    }
    mine = credentials(helper, {"credsStore": store, "auths": auths})
    with pytest.raises(Internal, match=f"docker-credential-{store}"):
        mine.find("broken.example")


@pytest.mark.parametrize("name", ["../x", "a b", "-x", "x;y"])
def test_a_helper_is_a_name_not_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid):
        credentials(tmp_path, {"credsStore": name}).find("docker.io")


@pytest.mark.parametrize("text", ["[", "[]", '{"auths": []}', '{"auths": {"docker.io": {"auth": "%"}}}'])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(Invalid):
        credentials(tmp_path).find("docker.io")


def test_the_header_carries_credentials_and_shows_none() -> None:
    auth = AuthConfig(username="ü", password="p", serveraddress="r.example")
    assert decode_header(encode_header(auth)) == auth
    assert decode_header("").empty
    assert "p'" not in repr(auth)


@pytest.mark.parametrize("text", ["{", "e30", "bnVsbA==", "W10=", "%%%%"])
def test_headers_that_are_none_are_refused(text: str) -> None:
    if text == "e30":
        assert decode_header(text).empty
        return
    with pytest.raises(Invalid):
        decode_header(text)


def test_a_header_without_end_is_refused() -> None:
    with pytest.raises(Invalid, match="too long"):
        decode_header("x" * 100_000)
