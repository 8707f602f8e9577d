"""Further processes in a container, through the API."""

from __future__ import annotations

from ..schema.containers import CreateResponse
from ..schema.exec import ExecConfig, ExecInspect, ExecStartRequest
from .attachment import Attachment
from .caller import Caller


class Exec:
    """`Client.exec`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def create(self, id: str, config: ExecConfig) -> str:
        """Register a process for container `id` and return its exec id; raises Conflict unless it runs."""
        answer = await self._caller.read(CreateResponse, "POST", f"/containers/{id}/exec", None, config)
        return answer.id

    async def start(
        self, exec_id: str, tty: bool, detach: bool = False, console_size: tuple[int, int] | None = None
    ) -> Attachment:
        """Run it; `console_size` is rows, columns. A detached one gives an attachment that is at its end."""
        size = list(console_size) if console_size else None
        request = ExecStartRequest(detach=detach, tty=tty, console_size=size)
        upgraded = await self._caller.upgrade(f"/exec/{exec_id}/start", None, request)
        return Attachment(upgraded.stream, tty)

    async def resize(self, exec_id: str, rows: int, cols: int) -> None:
        await self._caller.do("POST", f"/exec/{exec_id}/resize", {"h": rows, "w": cols})

    async def inspect(self, exec_id: str) -> ExecInspect:
        return await self._caller.read(ExecInspect, "GET", f"/exec/{exec_id}/json")
