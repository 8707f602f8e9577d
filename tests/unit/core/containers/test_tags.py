"""Log tags."""

from __future__ import annotations

import pytest

from pydock.core.containers.tags import check, fill
from pydock.core.errors import Invalid

WHO = ("ab" * 32, "web", "sha256:" + "cd" * 32, "nginx:1")


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("plain", "plain"),
        ("{{.Name}}/{{ .ID }}", "web/abababababab"),
        ("{{.ImageName}} {{.ImageID}}", "nginx:1 cdcdcdcdcdcd"),
        ("{{.FullID}}{{.ImageFullID}}{{.DaemonName}}", "ab" * 32 + "sha256:" + "cd" * 32 + "pydock"),
    ],
)
def test_fields_become_the_containers_words(template: str, tag: str) -> None:
    check(template)
    assert fill(template, *WHO) == tag


@pytest.mark.parametrize("template", ["{{.Nope}}", "{{upper .Name}}", "{{.Name"])
def test_other_templates_are_refused(template: str) -> None:
    with pytest.raises(Invalid, match="invalid log tag"):
        check(template)
