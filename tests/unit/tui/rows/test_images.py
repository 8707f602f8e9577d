from __future__ import annotations

import pytest

from pydock.core.schema.images import HistoryEntry, ImageSummary
from pydock.core.schema.networks import IPAM, IPAMConfig, NetworkInspect
from pydock.tui.rows import images, layers, networks

ID = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("tags", "digests", "name"),
    [
        (["web:1", "web:2"], [], "web:1"),
        ([], [], "abababababab"),
        (None, None, "abababababab"),
        (["<none>:<none>"], ["web@sha256:00"], "web:<none>"),
    ],
)
def test_image_names(tags: list[str] | None, digests: list[str] | None, name: str) -> None:
    assert images.name_of(ImageSummary(id=ID, repo_tags=tags, repo_digests=digests)) == name


def test_image_rows_count_further_names() -> None:
    row = images.row(ImageSummary(id=ID, repo_tags=["a:1", "a:2", "b:1"], size=188_000_000), 2, 0.0)
    assert (row.cells[0].text, row.cells[1].text, row.cells[3].text) == ("a:1 +2", " 188M", "2")
    assert len(row.cells) == len(row.sort) == len(images.COLUMNS)


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ('/bin/sh -c #(nop)  CMD ["nginx"]', 'CMD ["nginx"]'),
        ("/bin/sh -c apt-get   update", "RUN apt-get update"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("COPY a /b # buildkit", "COPY a /b"),
        ("", "imported"),
    ],
)
def test_instructions_read_as_in_the_dockerfile(created_by: str, shown: str) -> None:
    assert layers.instruction(HistoryEntry(created_by=created_by)) == shown


def test_network_rows_show_all_subnets() -> None:
    ipam = IPAM(config=[IPAMConfig(subnet="10.0.0.0/24"), IPAMConfig(subnet="fd00::/64")])
    row = networks.row(NetworkInspect(id="n", name="net", ipam=ipam), 0)
    assert row.cells[2].text == "10.0.0.0/24, fd00::/64"
    assert networks.row(NetworkInspect(id="n", name="host", ipam=IPAM()), 0).cells[2].text == "-"
