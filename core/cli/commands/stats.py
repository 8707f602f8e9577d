"""`stats`."""

from __future__ import annotations

import asyncio
import contextlib

from ...client import Client
from ...errors import NotFound
from ...schema.stats import Stats
from ...tasks import Tasks
from ...units import human_size, human_size_binary
from .. import render, terminal
from ..command import Cli, Command
from ..flags import Flag, Options
from ..render import Row
from .ps import FORMAT, NO_TRUNC

_EVERY_SECONDS = 1.0
_CLEAR = "\x1b[H"
_CLEAR_LINE, _CLEAR_BELOW = "\x1b[K", "\x1b[J"
_UNKNOWN = "--"
_TITLES = {
    "Container": "CONTAINER",
    "ID": "CONTAINER ID",
    "Name": "NAME",
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET I/O",
    "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS",
}
_COLUMNS = ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"]


async def _stats(cli: Cli, options: Options, arguments: list[str]) -> None:
    trunc = not options.flag("no-trunc")
    async with cli.connect() as client:
        for name in arguments:
            await client.containers.inspect(name)
        if options.flag("no-stream"):
            names = arguments or await _names(client, options.flag("all"))
            async with asyncio.TaskGroup() as group:
                readings = [group.create_task(_once(client, name)) for name in names]
            rows = [_row(name, task.result(), trunc) for name, task in zip(names, readings, strict=True)]
            render.rows(rows, _TITLES, _COLUMNS, options.text("format"))
            return
        await _watch(client, options, arguments, trunc)


async def _names(client: Client, everything: bool) -> list[str]:
    return [container.id for container in await client.containers.list(all=everything)]


async def _once(client: Client, name: str) -> Stats:
    async with contextlib.aclosing(client.containers.stats(name, stream=False)) as found:
        async for reading in found:
            return reading
    return Stats()


async def _watch(client: Client, options: Options, arguments: list[str], trunc: bool) -> None:
    """Follow each container's stream and print all of them every second."""
    latest: dict[str, Stats | None] = {}
    async with Tasks("stats") as tasks:
        while True:
            names = arguments or await _names(client, options.flag("all"))
            for name in names:
                if name not in latest:
                    latest[name] = None
                    tasks.start(_follow(client, name, latest), f"stats of {name[:12]}")
            rows = [_row(name, latest.get(name), trunc) for name in names]
            _redraw(rows, options.text("format"))
            await asyncio.sleep(_EVERY_SECONDS)


async def _follow(client: Client, name: str, latest: dict[str, Stats | None]) -> None:
    with contextlib.suppress(NotFound):
        async with contextlib.aclosing(client.containers.stats(name)) as found:
            async for reading in found:
                latest[name] = reading
    latest.pop(name, None)


def _redraw(rows: list[Row], format: str) -> None:
    screen = terminal.is_terminal(terminal.STDOUT)
    render.write(_CLEAR if screen else "")
    render.rows(rows, _TITLES, _COLUMNS, format, line_end=_CLEAR_LINE + "\n" if screen else "\n")
    render.write(_CLEAR_BELOW if screen else "")
    render.flush()


def _row(name: str, reading: Stats | None, trunc: bool) -> Row:
    if reading is None or not reading.id:
        shown = dict.fromkeys(_COLUMNS, _UNKNOWN)
        return {**shown, "ID": name[:12] if trunc else name, "Container": name, "MemUsage": "-- / --"}
    memory = used_memory(reading)
    limit = reading.memory_stats.limit
    networks = (reading.networks or {}).values()
    received, sent = sum(n.rx_bytes for n in networks), sum(n.tx_bytes for n in networks)
    read, written = block_io(reading)
    return {
        "Container": name,
        "ID": reading.id[:12] if trunc else reading.id,
        "Name": reading.name.removeprefix("/"),
        "CPUPerc": f"{cpu_percent(reading):.2f}%",
        "MemUsage": f"{human_size_binary(memory)} / {human_size_binary(limit)}",
        "MemPerc": f"{100 * memory / limit if limit else 0:.2f}%",
        "NetIO": f"{human_size(received)} / {human_size(sent)}",
        "BlockIO": f"{human_size(read)} / {human_size(written)}",
        "PIDs": str(reading.pids_stats.current),
    }


def used_memory(reading: Stats) -> int:
    """Memory without the page cache that the kernel can take back (v1 and v2 name it differently)."""
    memory = reading.memory_stats
    stats = memory.stats or {}
    cache = stats.get("total_inactive_file", stats.get("inactive_file", 0))
    return memory.usage - cache if cache < memory.usage else memory.usage


def cpu_percent(reading: Stats) -> float:
    """The share of one cpu since the reading before, in percent."""
    now, before = reading.cpu_stats, reading.precpu_stats
    used = now.cpu_usage.total_usage - before.cpu_usage.total_usage
    passed = now.system_cpu_usage - before.system_cpu_usage
    cpus = now.online_cpus or len(now.cpu_usage.percpu_usage or ()) or 1
    return used / passed * cpus * 100 if used > 0 and passed > 0 else 0.0


def block_io(reading: Stats) -> tuple[int, int]:
    """Bytes read from and written to block devices."""
    entries = reading.blkio_stats.io_service_bytes_recursive or ()
    read = sum(entry.value for entry in entries if entry.op.lower() == "read")
    written = sum(entry.value for entry in entries if entry.op.lower() == "write")
    return read, written


STATS = Command(
    "stats",
    "[CONTAINER...]",
    "Display a live stream of container(s) resource usage statistics",
    _stats,
    (
        Flag("all", "Show all containers (default shows just running)", short="a"),
        FORMAT,
        Flag("no-stream", "Disable streaming stats and only pull the first result"),
        NO_TRUNC,
    ),
)
