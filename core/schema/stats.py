"""A container's usage at one moment; times in nanoseconds, sizes in bytes, counters since start."""

from __future__ import annotations

from .wire import Wire, always, fresh

_ZERO = "0001-01-01T00:00:00Z"


class PidsStats(Wire, rename=None):
    current: int = 0
    limit: int = 0


class BlkioEntry(Wire, rename=None):
    major: int = always(0)
    minor: int = always(0)
    op: str = always("")
    value: int = always(0)


class BlkioStats(Wire, rename=None):
    io_service_bytes_recursive: list[BlkioEntry] | None = always(None)
    io_serviced_recursive: list[BlkioEntry] | None = always(None)
    io_queue_recursive: list[BlkioEntry] | None = always([])
    io_service_time_recursive: list[BlkioEntry] | None = always([])
    io_wait_time_recursive: list[BlkioEntry] | None = always([])
    io_merged_recursive: list[BlkioEntry] | None = always([])
    io_time_recursive: list[BlkioEntry] | None = always([])
    sectors_recursive: list[BlkioEntry] | None = always([])


class CpuUsage(Wire, rename=None):
    total_usage: int = always(0)
    percpu_usage: list[int] | None = None
    usage_in_kernelmode: int = always(0)
    usage_in_usermode: int = always(0)


class ThrottlingData(Wire, rename=None):
    periods: int = always(0)
    throttled_periods: int = always(0)
    throttled_time: int = always(0)


class CpuStats(Wire, rename=None):
    """`system_cpu_usage` is the host's, so that a share of it can be told."""

    cpu_usage: CpuUsage = fresh(CpuUsage)
    system_cpu_usage: int = 0
    online_cpus: int = 0
    throttling_data: ThrottlingData = fresh(ThrottlingData)


class MemoryStats(Wire, rename=None):
    """`stats` is the kernel's memory.stat."""

    usage: int = 0
    max_usage: int = 0
    stats: dict[str, int] | None = None
    failcnt: int = 0
    limit: int = 0


class NetworkStats(Wire, rename=None):
    rx_bytes: int = always(0)
    rx_packets: int = always(0)
    rx_errors: int = always(0)
    rx_dropped: int = always(0)
    tx_bytes: int = always(0)
    tx_packets: int = always(0)
    tx_errors: int = always(0)
    tx_dropped: int = always(0)


class Stats(Wire, rename=None):
    """Of a container that does not run all is zero and `read` the zero time."""

    read: str = always(_ZERO)
    preread: str = always(_ZERO)
    pids_stats: PidsStats = fresh(PidsStats)
    blkio_stats: BlkioStats = fresh(BlkioStats)
    num_procs: int = always(0)
    storage_stats: dict[str, int] = always({})
    cpu_stats: CpuStats = fresh(CpuStats)
    precpu_stats: CpuStats = fresh(CpuStats)
    memory_stats: MemoryStats = fresh(MemoryStats)
    name: str = ""
    id: str = ""
    networks: dict[str, NetworkStats] | None = None
