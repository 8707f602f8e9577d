"""Any request to a whole engine: an answer, never a 500, never a wait without end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from api.test_fuzz import requests
from kernel.engines import Box, opened
from pydock.core.api import Api
from pydock.core.schema.message import Hijack, Request

BOUND_S = 20
# These are meant to go on until the client leaves.
_ENDLESS = ("/events", "/logs", "/stats", "/wait", "/attach")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def box(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    stack = contextlib.AsyncExitStack()
    place: Path = tmp_path_factory.mktemp("fuzz")
    made = runner.run(stack.enter_async_context(opened(place)))
    runner.run(made.create("sleep", "60", name="web"))
    yield made
    runner.run(stack.aclose())


async def _answer(box: Box, request: Request) -> tuple[int, bytes]:
    async with asyncio.timeout(BOUND_S):
        response = await Api(box.engine).handle(request)
        body = b""
        if isinstance(response.body, bytes):
            body = response.body
        elif not isinstance(response.body, Hijack) and not any(e in request.path for e in _ENDLESS):
            async for chunk in response.body:
                body += chunk
        elif not isinstance(response.body, Hijack):
            aclose = getattr(response.body, "aclose", None)
            if aclose is not None:
                await aclose()
    return response.status, body


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(request_=requests())
def test_any_request_gets_an_answer_and_no_500(runner: asyncio.Runner, box: Box, request_: Request) -> None:
    status, body = runner.run(_answer(box, request_))
    assert status < 500 or status in (501, 503), body
    if status >= 400:
        assert not body or body.startswith(b"client version") or "message" in json.loads(body)
