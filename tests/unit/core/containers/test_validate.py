from __future__ import annotations

import os

import pytest

from pydock.core.containers import validate
from pydock.core.errors import Invalid, Unsupported
from pydock.core.schema.containers import (
    ContainerConfig,
    DeviceRequest,
    HealthConfig,
    HostConfig,
    LogConfig,
    RestartPolicy,
    Ulimit,
)

CPUS = os.cpu_count() or 1


def _host(**values: object) -> HostConfig:
    base: dict[str, object] = {
        "network_mode": "bridge",
        "ipc_mode": "private",
        "cgroupns_mode": "host",
        "restart_policy": RestartPolicy(name="no"),
        "log_config": LogConfig(type="json-file"),
    }
    return HostConfig(**{**base, **values})  # type: ignore[arg-type]


def test_the_defaults_are_right() -> None:
    validate.check(ContainerConfig(cmd=["true"]), _host())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"memory": 1024}, "Minimum memory limit allowed is 6MB"),
        ({"memory": 8 << 20, "memory_swap": 7 << 20}, "memoryswap limit should be larger"),
        ({"memory_swap": 8 << 20}, "You should always set the Memory limit"),
        ({"memory_swappiness": 101}, "valid memory swappiness range is 0-100"),
        ({"memory": 8 << 20, "memory_reservation": 9 << 20}, "can not be less than memory reservation"),
        ({"nano_cpus": 1, "cpu_quota": 5000}, "Nano CPUs and CPU Quota cannot both be set"),
        ({"nano_cpus": (CPUS + 1) * 10**9}, f"Range of CPUs is from 0.01 to {CPUS}.00"),
        ({"cpu_period": 1}, "CPU cfs period can not be less than 1ms"),
        ({"cpu_quota": 1}, "CPU cfs quota can not be less than 1ms"),
        ({"cpuset_cpus": "x"}, "Invalid value x for cpuset cpus"),
        ({"cpuset_cpus": f"0-{CPUS}"}, "Requested CPUs are not available"),
        ({"blkio_weight": 5}, "Range of blkio weight is from 10 to 1000"),
        ({"oom_score_adj": 1001}, "range for oom score adj"),
        ({"shm_size": -1}, "SHM size can not be less than 0"),
        ({"ulimits": [Ulimit(name="x")]}, "invalid ulimit type: x"),
        ({"ulimits": [Ulimit(name="nofile", soft=2, hard=1)]}, "soft limit must be less than"),
        ({"device_cgroup_rules": ["x"]}, "invalid device cgroup rule format"),
        ({"restart_policy": RestartPolicy(name="x")}, "invalid restart policy: unknown policy 'x'"),
        (
            {"restart_policy": RestartPolicy(name="always", maximum_retry_count=2)},
            "maximum retry count can only be used with 'on-failure'",
        ),
        ({"auto_remove": True, "restart_policy": RestartPolicy(name="always")}, "can't create 'AutoRemove'"),
        ({"log_config": LogConfig(type="x")}, "no log driver named 'x' is registered"),
        ({"log_config": LogConfig(type="json-file", config={"x": "1"})}, "unknown log opt 'x'"),
        ({"log_config": LogConfig(type="json-file", config={"max-file": "0"})}, "max-file cannot be less"),
        ({"pid_mode": "x"}, "invalid pid mode: x"),
        ({"ipc_mode": "x"}, "invalid ipc mode: x"),
        ({"sysctls": {"kernel.hostname": "x"}}, "is not namespaced"),
        ({"sysctls": {"net.ipv4.x": "1"}, "network_mode": "host"}, "not allowed in host network namespace"),
        ({"extra_hosts": ["x"]}, "bad format for add-host"),
        ({"runtime": "x"}, "unknown or invalid runtime name: x"),
    ],
)
def test_wrong_wishes_are_refused_in_dockers_words(values: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        validate.check(ContainerConfig(cmd=["true"]), _host(**values))


def test_devices_of_drivers_can_not_be_had() -> None:
    request = DeviceRequest(capabilities=[["gpu"]])
    with pytest.raises(
        Unsupported, match=r'could not select device driver "" with capabilities: \[\[gpu\]\]'
    ):
        validate.check(ContainerConfig(cmd=["true"]), _host(device_requests=[request]))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ContainerConfig(), "no command specified"),
        (ContainerConfig(cmd=["x"], stop_signal="NOSUCH"), "invalid signal"),
        (ContainerConfig(cmd=["x"], healthcheck=HealthConfig(interval=5)), "cannot be less than 1ms"),
        (ContainerConfig(cmd=["x"], healthcheck=HealthConfig(test=["X"])), "Unknown healthcheck type"),
    ],
)
def test_wrong_configurations_are_refused(config: ContainerConfig, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        validate.check(config, _host())


def test_a_joined_network_leaves_no_network_options() -> None:
    config = ContainerConfig(cmd=["x"], hostname="h")
    with pytest.raises(Invalid, match="conflicting options: hostname and the network mode"):
        validate.check(config, _host(network_mode="container:x"))


def test_what_the_kernel_lacks_is_a_warning() -> None:
    host = _host(blkio_weight=100, memory=8 << 20)
    said = validate.warnings(ContainerConfig(), host, False, False)
    assert said[0].startswith("Your kernel does not support Block I/O weight")
    assert said[1].startswith("Your kernel does not support swap limit")
    assert validate.warnings(ContainerConfig(), host, True, True) == []


@pytest.mark.parametrize("driver", ["journald", "syslog", "fluentd"])
def test_other_peoples_log_drivers_are_refused_with_a_way_out(driver: str) -> None:
    with pytest.raises(Unsupported, match=f"log driver '{driver}' is not supported: use json-file"):
        validate.check(ContainerConfig(cmd=["x"]), _host(log_config=LogConfig(type=driver)))


@pytest.mark.parametrize("options", [{"compress": "true"}, {"labels-regex": "^a"}, {"env-regex": "^a"}])
def test_log_options_that_would_do_nothing_are_refused(options: dict[str, str]) -> None:
    name = next(iter(options))
    with pytest.raises(Unsupported, match=f"log opt '{name}' is not supported"):
        validate.check(
            ContainerConfig(cmd=["x"]), _host(log_config=LogConfig(type="json-file", config=options))
        )


def test_log_options_of_no_consequence_are_taken() -> None:
    options = {"compress": "false", "max-file": "3", "mode": "non-blocking"}
    validate.check(ContainerConfig(cmd=["x"]), _host(log_config=LogConfig(type="json-file", config=options)))
