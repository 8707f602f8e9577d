"""`update`."""

from __future__ import annotations

import sys

from ...schema.containers import RestartPolicy, UpdateRequest
from .. import render
from ..command import Cli, Command
from ..execute import Each
from ..failure import Failure
from ..flags import Flag, Options


async def _update(cli: Cli, options: Options, arguments: list[str]) -> int:
    if not any(options.given(flag.name) for flag in _FLAGS):
        raise Failure("you must provide one or more flags when using this command")
    request, each = _request(options), Each()
    warnings: list[str] = []
    async with cli.connect() as client:
        for name in arguments:
            with each.of(name):
                warnings += (await client.containers.update(name, request)).warnings or []
                render.line(name)
    sys.stdout.flush()
    for warning in warnings:
        print(warning, file=sys.stderr)
    return each.status


def _request(options: Options) -> UpdateRequest:
    number = options.number
    request = UpdateRequest(
        blkio_weight=number("blkio-weight") or 0,
        cpu_period=number("cpu-period") or 0,
        cpu_quota=number("cpu-quota") or 0,
        cpu_realtime_period=number("cpu-rt-period") or 0,
        cpu_realtime_runtime=number("cpu-rt-runtime") or 0,
        cpu_shares=number("cpu-shares") or 0,
        cpuset_cpus=options.text("cpuset-cpus"),
        cpuset_mems=options.text("cpuset-mems"),
        memory=number("memory") or 0,
        memory_reservation=number("memory-reservation") or 0,
        memory_swap=number("memory-swap") or 0,
        nano_cpus=number("cpus") or 0,
        pids_limit=number("pids-limit"),
    )
    if options.given("restart"):
        name, _, count = options.text("restart").partition(":")
        request.restart_policy = RestartPolicy(
            name=name, maximum_retry_count=int(count) if count.isdigit() else 0
        )
    return request


_FLAGS = (
    Flag("blkio-weight", "Block IO (relative weight), between 10 and 1000, or 0 to disable", "uint16"),
    Flag("cpu-period", "Limit CPU CFS (Completely Fair Scheduler) period", "int"),
    Flag("cpu-quota", "Limit CPU CFS (Completely Fair Scheduler) quota", "int"),
    Flag("cpu-rt-period", "Limit the CPU real-time period in microseconds", "int"),
    Flag("cpu-rt-runtime", "Limit the CPU real-time runtime in microseconds", "int"),
    Flag("cpu-shares", "CPU shares (relative weight)", "int", "c"),
    Flag("cpus", "Number of CPUs", "decimal"),
    Flag("cpuset-cpus", "CPUs in which to allow execution (0-3, 0,1)", "string"),
    Flag("cpuset-mems", "MEMs in which to allow execution (0-3, 0,1)", "string"),
    Flag("memory", "Memory limit", "bytes", "m"),
    Flag("memory-reservation", "Memory soft limit", "bytes"),
    Flag("memory-swap", "Swap limit equal to memory plus swap: -1 to enable unlimited swap", "bytes"),
    Flag("pids-limit", "Tune container pids limit (set -1 for unlimited)", "int"),
    Flag("restart", "Restart policy to apply when a container exits", "string"),
)
UPDATE = Command(
    "update",
    "CONTAINER [CONTAINER...]",
    "Update configuration of one or more containers",
    _update,
    _FLAGS,
    least=1,
)
