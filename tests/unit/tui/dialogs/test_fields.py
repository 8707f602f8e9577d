from __future__ import annotations

import pytest

from pydock.core.errors import Invalid
from pydock.core.schema.containers import PortBinding
from pydock.tui.dialogs.fields import create_request, ports, refusal
from pydock.tui.dialogs.form import Values

EMPTY: Values = {
    "image": "web:1",
    "name": "",
    "command": "",
    "ports": "",
    "env": "",
    "volumes": "",
    "network": "",
    "tty": False,
    "remove": False,
}


@pytest.mark.parametrize(
    ("spec", "key", "address", "host"),
    [
        ("8080:80", "80/tcp", "", "8080"),
        ("80", "80/tcp", "", ""),
        ("53:53/udp", "53/udp", "", "53"),
        ("127.0.0.1:8080:80", "80/tcp", "127.0.0.1", "8080"),
        ("127.0.0.1::80", "80/tcp", "127.0.0.1", ""),
        ("[::1]:8080:80", "80/tcp", "::1", "8080"),
    ],
)
def test_ports(spec: str, key: str, address: str, host: str) -> None:
    assert ports([spec]) == {key: [PortBinding(host_ip=address, host_port=host)]}


@pytest.mark.parametrize("spec", ["x", "80:x", "0:80", "70000:80", "80/icmp", "8080:80:90:100", ""])
def test_bad_ports_say_what_to_write(spec: str) -> None:
    with pytest.raises(Invalid, match="not a port"):
        ports([spec])


def test_a_form_becomes_a_request() -> None:
    request = create_request(
        {
            **EMPTY,
            "command": "sh -c 'echo hello; sleep 1'",
            "env": "A=1 B='two words' C=x,y",
            "volumes": "/a:/b data:/c:ro",
            "ports": "8080:80, 53:53/udp",
            "tty": True,
            "remove": True,
        }
    )
    assert request.cmd == ["sh", "-c", "echo hello; sleep 1"]
    assert request.env == ["A=1", "B=two words", "C=x,y"]
    assert (request.tty, request.open_stdin) == (True, True)
    assert request.host_config is not None
    assert request.host_config.binds == ["/a:/b", "data:/c:ro"]
    assert request.host_config.auto_remove
    assert set(request.exposed_ports or ()) == {"80/tcp", "53/udp"}


def test_an_empty_form_leaves_the_images_defaults() -> None:
    request = create_request(EMPTY)
    assert (request.cmd, request.env, request.exposed_ports) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image": ""}, "which image?"),
        ({"command": "sh -c 'x"}, "no closing quotation"),
        ({"ports": "q"}, "not a port"),
    ],
)
def test_what_is_wrong_is_said(change: Values, said: str) -> None:
    assert said in refusal({**EMPTY, **change})
