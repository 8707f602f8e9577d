"""What goes on for as long as a container does: attach, logs, exec, stats, wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from ..containers.detach import Detector
from ..containers.detach import parse as parse_keys
from ..errors import Invalid, PydockError
from ..schema import wire
from ..schema.containers import CreateResponse, WaitResponse
from ..schema.exec import ExecConfig, ExecStartRequest
from ..schema.message import Hijack, Response, Stream
from ..units import parse_timestamp
from . import respond
from .call import Call
from .splice import Framed, splice

if TYPE_CHECKING:
    from ..engine import Engine

_CONDITIONS = ("not-running", "next-exit", "removed")


async def wait(engine: Engine, call: Call) -> Response:
    """Answer the headers once the wait is registered, the body when it is over."""
    condition = call.text("condition") or "not-running"
    if condition not in _CONDITIONS:
        raise Invalid(f'invalid condition: "{condition}"')
    waiting = await engine.containers.wait(call.params["id"], condition)

    async def body() -> AsyncIterator[bytes]:
        yield wire.encode(WaitResponse(status_code=await waiting)) + b"\n"

    return Response(200, respond.JSON, body())


async def logs(engine: Engine, call: Call) -> Response:
    stdout, stderr = call.flag("stdout"), call.flag("stderr")
    if not (stdout or stderr):
        raise Invalid("Bad parameters: you must choose at least one stream")
    tty, chunks = await engine.containers.logs(
        call.params["id"],
        follow=call.flag("follow"),
        stdout=stdout,
        stderr=stderr,
        since=_time(call, "since"),
        until=_time(call, "until"),
        timestamps=call.flag("timestamps"),
        tail=_tail(call),
        details=call.flag("details"),
    )
    return respond.data(chunks, _stream_type(call, tty))


def _time(call: Call, name: str) -> int | None:
    value = call.text(name)
    return parse_timestamp(value) if value and value != "0" else None


def _tail(call: Call) -> int | None:
    """Read `tail`; dockerd takes anything that is no number for all."""
    value = call.text("tail")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None


def _stream_type(call: Call, tty: bool) -> str:
    return respond.RAW if tty or not call.since(1, 42) else respond.MULTIPLEXED


async def attach(engine: Engine, call: Call) -> Response:
    streams = {name: call.flag(name) for name in ("stdin", "stdout", "stderr")}
    tty, serve = await engine.containers.attach(
        call.params["id"],
        **streams,
        stream=call.flag("stream"),
        logs=call.flag("logs"),
        detach_keys=call.text("detachKeys"),
    )
    return _hijack(call, tty, serve)


def _hijack(call: Call, tty: bool, serve: Callable[[Stream], Awaitable[None]]) -> Response:
    content_type = _stream_type(call, tty)
    return Response(200, {"content-type": content_type}, Hijack(serve, content_type))


async def exec_create(engine: Engine, call: Call) -> Response:
    config = await call.json(ExecConfig)
    if not config.cmd:
        raise Invalid("No exec command specified")
    return respond.json(
        CreateResponse(id=await engine.containers.exec_create(call.params["id"], config)), 201
    )


async def exec_start(engine: Engine, call: Call) -> Response:
    """Start an exec. dockerd has answered by the time it starts, so what fails then is told in the stream."""
    request = await call.json(ExecStartRequest, required=False)
    identity, size = call.params["id"], _console_size(request)
    if request.detach:
        await engine.containers.exec_start(identity, detach=True, tty=request.tty, console_size=size)
        return respond.empty(200)
    known = await engine.containers.exec_inspect(identity)
    terminal = known.process_config.tty
    keys = parse_keys(known.detach_keys) if terminal and known.open_stdin else b""

    async def serve(stream: Stream) -> None:
        try:
            process = await engine.containers.exec_start(identity, tty=request.tty, console_size=size)
        except PydockError as err:
            await stream.write(_said(err.message, request.tty))
            return
        assert process is not None
        output = Framed(process) if terminal and not request.tty else process
        await splice(stream, output, Detector(keys) if keys else None)

    return _hijack(call, request.tty, serve)


def _console_size(request: ExecStartRequest) -> tuple[int, int] | None:
    match request.console_size:
        case [rows, columns]:
            return rows, columns
    return None


def _said(message: str, tty: bool) -> bytes:
    text = message.encode() + b"\r\n"
    return text if tty else bytes((1, 0, 0, 0)) + len(text).to_bytes(4, "big") + text


async def exec_inspect(engine: Engine, call: Call) -> Response:
    return respond.json(await engine.containers.exec_inspect(call.params["id"]))


async def exec_resize(engine: Engine, call: Call) -> Response:
    rows, columns = call.size()
    await engine.containers.exec_resize(call.params["id"], rows, columns)
    return respond.empty(200)


async def stats(engine: Engine, call: Call) -> Response:
    found = await engine.containers.stats(
        call.params["id"], stream=call.flag("stream", True), one_shot=call.flag("one-shot")
    )
    return Response(200, respond.JSON, respond.records(found))
