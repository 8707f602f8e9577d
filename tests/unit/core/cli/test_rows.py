"""Wire records as columns."""

from __future__ import annotations

import pytest

from pydock.core.cli.render import safe, table
from pydock.core.cli.rows import container, ports
from pydock.core.schema.containers import ContainerSummary, MountPoint, Port

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], ""),
        ([Port(private_port=80)], "80/tcp"),
        ([Port(ip="0.0.0.0", private_port=80, public_port=8124)], "0.0.0.0:8124->80/tcp"),
        ([Port(ip="::", private_port=80, public_port=8124)], "[::]:8124->80/tcp"),
        (
            [Port(ip="0.0.0.0", private_port=p, public_port=p) for p in (9001, 9000)],
            "0.0.0.0:9000-9001->9000-9001/tcp",
        ),
        (
            [Port(private_port=53, type="udp"), Port(private_port=80), Port(private_port=81)],
            "53/udp, 80-81/tcp",
        ),
        (
            [
                Port(ip="127.0.0.1", private_port=81, public_port=40000, type="udp"),
                Port(ip="0.0.0.0", private_port=80, public_port=8124),
                Port(ip="::", private_port=80, public_port=8124),
            ],
            "0.0.0.0:8124->80/tcp, [::]:8124->80/tcp, 127.0.0.1:40000->81/udp",
        ),
    ],
)
def test_ports(found: list[Port], text: str) -> None:
    assert ports(found) == text


def test_a_container_s_row() -> None:
    found = ContainerSummary(
        id="0123456789abcdef",
        names=["/other/alias", "/web"],
        image="busybox",
        command="sh -c 'trap \"echo term\" TERM; sleep 1'",
        created=int(NOW) - 60,
        status="Up 1 second",
        labels={"k": "v"},
        mounts=[MountPoint(name="a" * 64, driver="local"), MountPoint(source="/host")],
    )
    row = container(found, NOW)
    assert row["ID"] == "0123456789ab"
    assert row["Names"] == "web"
    assert row["Command"] == '"sh -c \'trap \\"echo t…"'
    assert row["RunningFor"] == "About a minute ago"
    assert row["Mounts"] == "a" * 14 + "…,/host"
    assert row["LocalVolumes"] == "1"
    whole = container(found, NOW, trunc=False)
    assert whole["ID"] == found.id
    assert whole["Names"] == "other/alias,web"


def test_control_characters_of_names_and_labels_never_reach_the_terminal() -> None:
    found = ContainerSummary(id="a", image="x\x1b[31m", command="\x1b]0;t\x07", labels={"k": "\x1b[2J"})
    row = container(found, NOW)
    for column in ("Image", "Command", "Labels"):
        assert "\x1b" not in str(row[column])
    assert safe("plain ünïcode") == "plain ünïcode"


def test_columns_are_three_blanks_apart_and_ten_wide_at_least() -> None:
    assert table([["ID", "NAME"], ["a" * 12, "b"]]) == "ID             NAME\naaaaaaaaaaaa   b\n"
    assert table([["A", "B"], ["x", "y"]]) == "A         B\nx         y\n"
