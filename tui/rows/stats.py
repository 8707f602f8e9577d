"""Samples out of the engine's statistics, by the rules of `docker stats`.

https://docs.docker.com/reference/api/engine/version/v1.51/#tag/Container/operation/ContainerStats
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydock.core.schema.stats import Stats

HISTORY = 300


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of a container: CPU in percent of one core (None at first), sizes in bytes, counters."""

    at: float
    cpu: float | None
    memory: int
    limit: int
    received: int
    sent: int
    read: int
    written: int
    pids: int


@dataclass(slots=True)
class History:
    """The last samples of one container and the counters that the next one is measured against."""

    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=HISTORY))
    total_ns: int = 0
    system_ns: int = 0

    @property
    def last(self) -> Sample | None:
        return self.samples[-1] if self.samples else None

    def add(self, stats: Stats, now: float) -> Sample:
        """Add what the engine says now; `now` is a monotonic time in seconds."""
        usage = stats.cpu_stats.cpu_usage.total_usage or 0
        system = stats.cpu_stats.system_cpu_usage or 0
        cpu = self._cpu(stats, usage, system, now)
        self.total_ns, self.system_ns = usage, system
        sample = Sample(
            now, cpu, working_set(stats), stats.memory_stats.limit or 0, *_io(stats), _pids(stats)
        )
        self.samples.append(sample)
        return sample

    def _cpu(self, stats: Stats, usage: int, system: int, now: float) -> float | None:
        before, before_system, last = self.total_ns, self.system_ns, self.last
        if last is None:
            # The first sample has only what the engine remembers itself, if anything.
            earlier = stats.precpu_stats
            before = (earlier.cpu_usage.total_usage or 0) if earlier else 0
            before_system = (earlier.system_cpu_usage or 0) if earlier else 0
            if not before or not before_system:
                return None
        spent = usage - before
        if spent <= 0:
            return 0.0
        if system and before_system and system > before_system:
            return spent / (system - before_system) * _cores(stats) * 100
        passed = (now - last.at) * 1e9 if last else 0.0
        return spent / passed * 100 if passed > 0 else 0.0


def _cores(stats: Stats) -> int:
    # cgroup v2 has no percpu_usage: only online_cpus says how many cores the system time is spread over.
    return stats.cpu_stats.online_cpus or len(stats.cpu_stats.cpu_usage.percpu_usage or ()) or 1


def working_set(stats: Stats) -> int:
    """Memory in use without the page cache that the kernel would give back.

    cgroup v2 calls it `inactive_file`, v1 `total_inactive_file`; `cache` exists on v1 only.
    """
    usage = stats.memory_stats.usage or 0
    parts = stats.memory_stats.stats or {}
    cache = parts.get("total_inactive_file", parts.get("inactive_file", 0))
    return usage - cache if cache < usage else usage


def _io(stats: Stats) -> tuple[int, int, int, int]:
    networks = (stats.networks or {}).values()
    received = sum(n.rx_bytes or 0 for n in networks)
    sent = sum(n.tx_bytes or 0 for n in networks)
    blocks = (stats.blkio_stats.io_service_bytes_recursive if stats.blkio_stats else None) or ()
    read = sum(b.value for b in blocks if b.op.lower() == "read")
    written = sum(b.value for b in blocks if b.op.lower() == "write")
    return received, sent, read, written


def _pids(stats: Stats) -> int:
    return (stats.pids_stats.current or 0) if stats.pids_stats else 0


def rates(samples: list[Sample], counter: str) -> list[float]:
    """A counter's growth per second between neighbours; a counter that fell (restart) counts as still."""
    result: list[float] = []
    for before, after in pairwise(samples):
        passed = after.at - before.at
        grown = getattr(after, counter) - getattr(before, counter)
        result.append(grown / passed if passed > 0 and grown > 0 else 0.0)
    return result


def local_time(time_ns: int) -> str:
    """A time of the day for a list, in the user's own zone."""
    return datetime.fromtimestamp(time_ns / 1e9).strftime("%H:%M:%S")
