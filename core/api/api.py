"""The API's front: version, route, errors."""

from __future__ import annotations

import logging
import platform
from typing import TYPE_CHECKING

from ..errors import Internal, Invalid, NotFound, PydockError
from ..schema.message import Request, Response
from . import respond
from .call import Call
from .router import Router
from .routes import ROUTES

if TYPE_CHECKING:
    from ..engine import Engine

NEWEST = (1, 51)
OLDEST = (1, 24)
_log = logging.getLogger(__name__)
_OS = platform.system().lower()
_HEADERS = {
    "api-version": "{}.{}".format(*NEWEST),
    "docker-experimental": "false",
    "ostype": _OS,
    "server": "pydock/0.1.0 (linux)",
}


class Api:
    """The API of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._router = Router(ROUTES)

    async def handle(self, request: Request) -> Response:
        """Answer a request. Every error becomes an answer here; only cancellation goes through."""
        try:
            response = await self._answer(request)
        except PydockError as err:
            response = respond.error(err)
        except Exception as err:  # noqa: BLE001  # one of the four places where errors stop
            _log.exception("%s %s failed", request.method, request.path)
            response = respond.error(Internal(f"internal error: {type(err).__name__}: {err}"))
        return Response(response.status, {**_HEADERS, **response.headers}, response.body)

    async def _answer(self, request: Request) -> Response:
        if request.version is not None:
            refused = _check_version(request.version)
            if refused is not None:
                return refused
        found = self._router.find(request.method, request.path)
        if found is None and request.method == "HEAD":
            found = self._router.find("GET", request.path)
        if found is None:
            raise NotFound("page not found")
        endpoint, params = found
        return await endpoint(self._engine, Call(request, params))


def _check_version(version: tuple[int, int]) -> Response | None:
    asked = "{}.{}".format(*version)
    if version > NEWEST:
        newest = "{}.{}".format(*NEWEST)
        raise Invalid(f"client version {asked} is too new. Maximum supported API version is {newest}")
    if version < OLDEST:
        oldest = "{}.{}".format(*OLDEST)
        text = (
            f"client version {asked} is too old. Minimum supported API version is {oldest}, "
            "please upgrade your client to a newer version\n"
        )
        return Response(400, {"content-type": "text/plain; charset=utf-8"}, text.encode())
    return None
