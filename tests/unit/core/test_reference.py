from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.core.errors import Invalid
from pydock.core.reference import Reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("ubuntu", "docker.io/library/ubuntu", "ubuntu"),
        ("ubuntu:22.04", "docker.io/library/ubuntu:22.04", "ubuntu:22.04"),
        ("team/app", "docker.io/team/app", "team/app"),
        ("index.docker.io/app:1", "docker.io/library/app:1", "app:1"),
        ("localhost/app", "localhost/app", "localhost/app"),
        ("localhost:5000/a/b:t", "localhost:5000/a/b:t", "localhost:5000/a/b:t"),
        ("Host/app", "Host/app", "Host/app"),
        ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
        (f"app:1@{DIGEST}", f"docker.io/library/app:1@{DIGEST}", f"app:1@{DIGEST}"),
        ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("a__b/c-d--e.f", "docker.io/a__b/c-d--e.f", "a__b/c-d--e.f"),
    ],
)
def test_names_take_dockers_forms(text: str, canonical: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert (reference.canonical, reference.familiar) == (canonical, familiar)


@pytest.mark.parametrize(
    "text",
    ["", "Ubuntu", "a//b", "-a", "a:", ":a", "a:-b", "a:" + "t" * 129, "a@b", "a@sha256:zz", "ab" * 32,
     "a/../b", "a b", "a\n", "x" * 256, "a..b", "a:b:c"],
)  # fmt: skip
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Reference.parse(text)


def test_latest_is_added_only_when_nothing_else_was_said() -> None:
    assert Reference.parse("a").with_default_tag().tag == "latest"
    assert Reference.parse("a:1").with_default_tag().tag == "1"
    assert Reference.parse(f"a@{DIGEST}").with_default_tag().tag == ""


@given(
    st.from_regex(
        r"([a-z]{1,5}\.[a-z]{2}/)?[a-z0-9]{1,8}(/[a-z0-9]{1,8})?(:[\w][\w.-]{0,8})?", fullmatch=True
    )
)
def test_canonical_and_familiar_parse_to_the_same(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except Invalid:
        return
    assert Reference.parse(reference.canonical) == reference
    assert Reference.parse(reference.familiar) == reference
