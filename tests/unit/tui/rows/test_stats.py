from __future__ import annotations

import pytest

from pydock.core.schema.stats import CpuStats, CpuUsage, MemoryStats, NetworkStats, Stats
from pydock.tui.rows.stats import HISTORY, History, rates, working_set

SECOND = 1_000_000_000


def stats(total: int, system: int = 0, online: int = 0, percpu: list[int] | None = None) -> Stats:
    usage = CpuUsage(total_usage=total, percpu_usage=percpu)
    return Stats(cpu_stats=CpuStats(cpu_usage=usage, system_cpu_usage=system, online_cpus=online))


def test_one_busy_core_of_eight_is_a_hundred_percent() -> None:
    """lazydocker#662 shows 12 % here."""
    history = History()
    history.add(stats(0, 8 * SECOND, 8), 0.0)
    sample = history.add(stats(SECOND, 16 * SECOND, 8), 1.0)
    assert sample.cpu == pytest.approx(100)


def test_cores_without_online_cpus_come_from_percpu() -> None:
    history = History()
    history.add(stats(0, 2 * SECOND, 0, [0, 0]), 0.0)
    assert history.add(stats(SECOND, 4 * SECOND, 0, [1, 1]), 1.0).cpu == pytest.approx(100)


def test_without_the_hosts_usage_the_time_between_samples_counts() -> None:
    history = History()
    history.add(stats(SECOND), 10.0)
    assert history.add(stats(2 * SECOND), 12.0).cpu == pytest.approx(50)


def test_the_first_sample_has_no_cpu_unless_the_engine_remembers() -> None:
    assert History().add(stats(SECOND, SECOND, 1), 0.0).cpu is None
    known = stats(2 * SECOND, 20 * SECOND, 2)
    known.precpu_stats = CpuStats(cpu_usage=CpuUsage(total_usage=SECOND), system_cpu_usage=10 * SECOND)
    assert History().add(known, 0.0).cpu == pytest.approx(20)


def test_a_restarted_container_does_not_show_nonsense() -> None:
    history = History()
    history.add(stats(50 * SECOND, 100 * SECOND, 4), 0.0)
    assert history.add(stats(SECOND, 101 * SECOND, 4), 1.0).cpu == 0.0


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"inactive_file": 30}, 70),
        ({"total_inactive_file": 40, "inactive_file": 30, "cache": 90}, 60),
        ({}, 100),
        (None, 100),
        ({"inactive_file": 200}, 100),
    ],
)
def test_memory_is_without_the_reclaimable_cache(parts: dict[str, int] | None, expected: int) -> None:
    assert working_set(Stats(memory_stats=MemoryStats(usage=100, stats=parts))) == expected


def test_all_networks_count() -> None:
    record = Stats(networks={"eth0": NetworkStats(rx_bytes=5), "eth1": NetworkStats(rx_bytes=7)})
    assert History().add(record, 0.0).received == 12


def test_history_is_bounded() -> None:
    history = History()
    for number in range(HISTORY + 5):
        history.add(Stats(), float(number))
    assert len(history.samples) == HISTORY


def test_rates() -> None:
    history = History()
    for at, count in ((0.0, 0), (2.0, 4096), (4.0, 0)):
        history.add(Stats(networks={"eth0": NetworkStats(rx_bytes=count)}), at)
    assert rates(list(history.samples), "received") == [2048, 0.0]
