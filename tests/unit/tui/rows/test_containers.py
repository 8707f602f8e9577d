from __future__ import annotations

import pytest

from pydock.core.schema.containers import ContainerSummary, Port
from pydock.tui.rows import containers
from pydock.tui.rows.stats import Sample
from pydock.tui.text import ASCII, UNICODE

ID = "0123456789abcdef" * 4


def make(**fields: object) -> ContainerSummary:
    return ContainerSummary(**{"id": ID, "names": ["/web"], "state": "running", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "shown"),
    [(["/web"], "web"), (["/web", "/other/alias"], "web"), ([], ID[:12]), (["/a\x1bb"], "a\\x1bb")],
)
def test_name_is_never_missing(names: list[str], shown: str) -> None:
    assert containers.name_of(make(names=names)) == shown


def test_a_record_with_nothing_in_it_makes_a_row() -> None:
    row = containers.row(ContainerSummary(id=ID), None, UNICODE)
    assert row.cells[0].text == ID[:12]
    assert len(row.cells) == len(row.sort) == len(containers.COLUMNS)


@pytest.mark.parametrize(
    ("state", "status", "text", "tone"),
    [
        ("running", "Up 3 days", "● up 3d", "running"),
        ("running", "Up About an hour", "● up 1h", "running"),
        ("running", "Up Less than a second", "● up 0s", "running"),
        ("running", "Up 2 weeks (healthy)", "● up 2w ok", "running"),
        ("running", "Up 3 days (unhealthy)", "● unhealthy", "failed"),
        ("running", "Up 3 seconds (health: starting)", "● starting", "restarting"),
        ("running", "", "● running", "running"),
        ("exited", "Exited (0) 2 days ago", "○ exit 0", "exited"),
        ("exited", "Exited (137) 2 minutes ago", "○ exit 137", "failed"),
        ("paused", "Up 2 hours (Paused)", "◫ paused", "paused"),
        ("restarting", "Restarting (1) 2 seconds ago", "↻ restarting", "restarting"),
        ("dead", "Dead", "✗ dead", "failed"),
        ("odd", "", "✗ odd", "dim"),
    ],
)
def test_state_is_glyph_and_word(state: str, status: str, text: str, tone: str) -> None:
    assert containers.state_cell(make(state=state, status=status), UNICODE) == (text, tone)


def test_uptime_goes_on_after_it_was_read() -> None:
    cell = containers.state_cell(make(status="Up 58 seconds"), UNICODE, since_read=5)
    assert cell.text == "● up 1m"


def test_ports_are_shown_once_for_both_families() -> None:
    ports = [
        Port(private_port=80, public_port=8080, ip="0.0.0.0"),
        Port(private_port=80, public_port=8080, ip="::"),
        Port(private_port=53, public_port=53, ip="127.0.0.1", type="udp"),
        Port(private_port=9000),
    ]
    assert containers.ports_text(make(ports=ports)) == "8080→80, 127.0.0.1:53→53/udp"


def test_live_columns_keep_their_width() -> None:
    widths = set()
    for cpu, memory in ((0.0, 0), (3e-11, 1), (123.45, 1 << 40), (None, 5)):
        sample = Sample(0, cpu, memory, 0, 0, 0, 0, 0, 1)
        row = containers.row(make(), sample, ASCII)
        widths.add((len(row.cells[2].text), len(row.cells[3].text)))
    assert widths == {(6, 5)}


def test_stopped_containers_have_no_usage() -> None:
    row = containers.row(make(state="exited"), Sample(0, 5.0, 5, 0, 0, 0, 0, 0, 1), UNICODE)
    assert (row.cells[2].text, row.cells[3].text, row.hidden) == ("", "", True)
