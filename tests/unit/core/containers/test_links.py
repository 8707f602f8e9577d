from __future__ import annotations

import pytest

from pydock.core.containers import links
from pydock.core.containers.links import Link
from pydock.core.errors import Invalid


@pytest.mark.parametrize(
    ("text", "pair"),
    [("db:store", ("db", "store")), ("db", ("db", "db")), ("/db:/web/store", ("db", "store"))],
)
def test_reads_what_users_write_and_inspect_shows(text: str, pair: tuple[str, str]) -> None:
    assert links.parse(text) == pair


@pytest.mark.parametrize("text", ["", ":store", "a:b:c"])
def test_refuses_what_is_no_link(text: str) -> None:
    with pytest.raises(Invalid, match="bad format for links"):
        links.parse(text)


def test_names_of_a_line_come_once() -> None:
    assert Link("store", "172.17.0.2", "db", "cafe").names == "store cafe db"
    assert Link("db", "172.17.0.2", "db", "cafe").names == "db cafe"


def test_variables_are_dockers() -> None:
    link = Link(
        "my-db", "172.17.0.2", "db", "cafe", ("53/udp", "5432/tcp"), ("PATH=/bin", "COLOR=red", "BARE")
    )
    assert list(links.environment("web", [link])) == [
        "MY_DB_PORT=tcp://172.17.0.2:5432",
        "MY_DB_PORT_53_UDP=udp://172.17.0.2:53",
        "MY_DB_PORT_53_UDP_ADDR=172.17.0.2",
        "MY_DB_PORT_53_UDP_PORT=53",
        "MY_DB_PORT_53_UDP_PROTO=udp",
        "MY_DB_PORT_5432_TCP=tcp://172.17.0.2:5432",
        "MY_DB_PORT_5432_TCP_ADDR=172.17.0.2",
        "MY_DB_PORT_5432_TCP_PORT=5432",
        "MY_DB_PORT_5432_TCP_PROTO=tcp",
        "MY_DB_NAME=/web/my-db",
        "MY_DB_ENV_COLOR=red",
    ]
