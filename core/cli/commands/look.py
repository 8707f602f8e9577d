"""`top`, `port` and `diff`."""

from __future__ import annotations

from ...schema.containers import ContainerInspect, PortBinding
from .. import render
from ..command import Cli, Command
from ..failure import Failure
from ..flags import Options

_CHANGES = "CAD"


async def _top(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        found = await client.containers.top(arguments[0], " ".join(arguments[1:]) or None)
    # docker's tabwriter here is narrower than that of lists.
    lines = [found.titles, *found.processes]
    widths = [max(20, 1 + max(map(len, column))) for column in zip(*lines, strict=False)]
    for cells in lines:
        padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=False)]
        render.line("".join(padded) + (cells[-1] if cells else ""))


async def _port(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        found = await client.containers.inspect(arguments[0])
    if len(arguments) == 1:
        _all_ports(found)
        return
    port, _, protocol = arguments[1].partition("/")
    if not port.isdigit():
        raise Failure(f"Error: invalid port ({port}): invalid port number")
    bindings = (found.network_settings.ports or {}).get(f"{port}/{protocol.lower() or 'tcp'}")
    if not bindings:
        raise Failure(f"Error: No public port '{arguments[1]}' published for {arguments[0]}")
    for binding in bindings:
        render.line(_address(binding))


def _all_ports(found: ContainerInspect) -> None:
    lines = [
        (int(port.partition("/")[0]), f"{port} -> {_address(binding)}")
        for port, bindings in (found.network_settings.ports or {}).items()
        for binding in bindings or ()
    ]
    for _, text in sorted(lines, key=lambda line: line[0]):
        render.line(text)


def _address(binding: PortBinding) -> str:
    host = f"[{binding.host_ip}]" if ":" in binding.host_ip else binding.host_ip
    return f"{host}:{binding.host_port}"


async def _diff(cli: Cli, options: Options, arguments: list[str]) -> None:
    async with cli.connect() as client:
        for change in await client.containers.changes(arguments[0]):
            render.line(f"{_CHANGES[change.kind]} {change.path}")


TOP = Command(
    "top",
    "CONTAINER [ps OPTIONS]",
    "Display the running processes of a container",
    _top,
    least=1,
    interspersed=False,
)
PORT = Command(
    "port",
    "CONTAINER [PRIVATE_PORT[/PROTO]]",
    "List port mappings or a specific mapping for the container",
    _port,
    least=1,
    most=2,
)
DIFF = Command(
    "diff",
    "CONTAINER",
    "Inspect changes to files or directories on a container's filesystem",
    _diff,
    least=1,
    most=1,
)
