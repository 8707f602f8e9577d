"""Tests of settings: the file, and which registries may be spoken to in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.core.errors import Invalid
from pydock.core.registry.settings import Settings, is_insecure, load


@pytest.mark.parametrize(
    ("host", "insecure"),
    [
        ("127.0.0.1:5000", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("localhost:5000", True),
        ("[::1]:5000", True),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com:5000", False),
        ("10.1.2.3:5000", True),
        ("10.2.2.3:5000", False),
        ("plain.example:80", True),
        ("named.example:5000", True),
        ("named.example:5001", False),
    ],
)
def test_loopback_and_what_is_configured_is_insecure(host: str, insecure: bool) -> None:
    settings = Settings(insecure=("10.1.0.0/16", "plain.example", "named.example:5000"))
    assert is_insecure(settings, host) is insecure


def test_settings_come_from_the_daemons_file(tmp_path: Path) -> None:
    file = tmp_path / "daemon.json"
    assert load(file) == Settings()
    file.write_text(
        '{"insecure-registries": ["a:1"], "registry-mirrors": ["https://m"], "max-concurrent-downloads": 7,'
        ' "debug": true}'
    )
    found = load(file)
    assert (found.insecure, found.mirrors, found.downloads) == (("a:1",), ("https://m",), 7)
    file.write_text("")
    assert load(file) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[]",
        '{"registry-mirrors": "x"}',
        '{"max-concurrent-downloads": 0}',
        '{"insecure-registries": [1]}',
    ],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(text)
    with pytest.raises(Invalid, match=r"daemon\.json"):
        load(file)
