"""What a request says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pydock.core.api.call import Call
from pydock.core.errors import Invalid
from pydock.core.schema.containers import CreateRequest
from pydock.core.schema.message import Body, Request


def call(
    query: dict[str, list[str]] | None = None, body: Body = b"", headers: dict[str, str] | None = None
) -> Call:
    return Call(Request("POST", "/", query or {}, headers or {}, body), {})


@pytest.mark.parametrize(
    ("text", "truth"),
    [("1", True), ("true", True), ("True", True), ("yes", True), ("anything", True)]
    + [(text, False) for text in ("", "0", "no", "false", "FALSE", "none", " None ")],
)
def test_truth_is_docker_s(text: str, truth: bool) -> None:
    assert call({"all": [text]}).flag("all") is truth


def test_defaults_hold_where_nothing_is_said() -> None:
    found = call()
    assert found.flag("stream", True) is True
    assert found.number("t") is None
    assert found.text("name", "x") == "x"


def test_numbers_are_refused_when_they_are_none() -> None:
    with pytest.raises(Invalid):
        call({"t": ["x"]}).number("t")
    with pytest.raises(Invalid):
        call({"h": ["1"]}).size()


async def test_bodies_that_are_no_json_are_refused() -> None:
    for body, headers in (
        (b"{bad", {"content-type": "application/json"}),
        (b"", {}),
        (b"[]", {}),
        (b'{"Tty": {}}', {}),
    ):
        with pytest.raises(Invalid):
            await call(body=body, headers=headers).json(CreateRequest)


async def test_another_content_type_is_refused_in_docker_s_words() -> None:
    with pytest.raises(Invalid) as caught:
        await call(body=b"{}", headers={"content-type": "application/x-www-form-urlencoded"}).json(
            CreateRequest
        )
    assert str(caught.value) == (
        "unsupported Content-Type header (application/x-www-form-urlencoded): must be 'application/json'"
    )


async def test_a_body_that_never_ends_is_refused() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * (1 << 20)

    with pytest.raises(Invalid):
        await call(body=endless()).json(CreateRequest)


async def test_null_is_nothing_said() -> None:
    assert await call(body=b" null\n").json(CreateRequest) == CreateRequest()


async def test_names_are_matched_without_case() -> None:
    assert (await call(body=b'{"image": "a", "CMD": "true"}').json(CreateRequest)).image == "a"
