"""The transport to an api in the same process: records are handed over, no bytes of HTTP are made."""

from __future__ import annotations

from ..schema.message import Hijack, Request, Response
from ..tasks import Tasks
from .pipe import PipeEnd, pipe
from .transport import Handler, Upgraded

_VERSION = (1, 51)


class DirectTransport:
    """Calls `handle`. Owns the tasks that serve hijacked streams."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._tasks = Tasks("direct transport")

    async def version(self) -> tuple[int, int]:
        return _VERSION

    async def send(self, request: Request) -> Response:
        response = await self._handle(request)
        if isinstance(response.body, Hijack):
            upgraded = self._serve(response.body)
            await upgraded.stream.close()
            return Response(response.status, response.headers)
        return response

    async def upgrade(self, request: Request) -> Upgraded | Response:
        response = await self._handle(request)
        return self._serve(response.body) if isinstance(response.body, Hijack) else response

    def _serve(self, hijack: Hijack) -> Upgraded:
        near, far = pipe()
        self._tasks.start(_serve_until_done(hijack, far), "hijacked stream")
        return Upgraded(near, hijack.content_type)

    async def close(self) -> None:
        await self._tasks.close()


async def _serve_until_done(hijack: Hijack, stream: PipeEnd) -> None:
    try:
        await hijack.serve(stream)
    except BrokenPipeError:
        # The client went away, as clients do.
        pass
    finally:
        await stream.close()
