"""Merging a request with its image; values as a recorded dockerd 28.5 shows them (golden 069, 079)."""

from __future__ import annotations

import pytest

from pydock.core.config import Config
from pydock.core.containers.options import Settled, settle
from pydock.core.errors import Invalid
from pydock.core.schema import oci
from pydock.core.schema.containers import (
    CreateRequest,
    HealthConfig,
    HostConfig,
    NetworkingConfig,
    PortBinding,
)
from pydock.core.schema.networks import EndpointSettings

ID = "ab" * 32
IMAGE = oci.RuntimeConfig(
    user="img",
    env=["PATH=/bin", "A=image"],
    entrypoint=["/entry"],
    cmd=["cmd"],
    working_dir="/w",
    labels={"l": "image", "k": "image"},
    exposed_ports={"80/tcp": {}},
    volumes={"/v": {}},
    stop_signal="SIGINT",
    healthcheck=oci.Healthcheck(test=["CMD", "true"], interval=5),
)


def _settle(request: CreateRequest, cgroup_version: int = 1) -> Settled:
    return settle(request, IMAGE, ID, Config(), cgroup_version)


def test_the_image_fills_in_what_is_not_said() -> None:
    config = _settle(CreateRequest(image="i", env=["A=own", "B=1"], labels={"l": "own"})).config
    assert config.env == ["A=own", "B=1", "PATH=/bin"]
    assert (config.entrypoint, config.cmd, config.user) == (["/entry"], ["cmd"], "img")
    assert config.labels == {"l": "own", "k": "image"}
    assert (config.working_dir, config.stop_signal, config.hostname) == ("/w", "SIGINT", ID[:12])
    assert config.exposed_ports == {"80/tcp": {}}
    assert config.volumes == {"/v": {}}


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "expected"),
    [
        (None, None, (["/entry"], ["cmd"])),
        (None, ["own"], (["/entry"], ["own"])),
        (["/own"], None, (["/own"], None)),
        (["/own"], ["x"], (["/own"], ["x"])),
        ([""], ["x"], (None, ["x"])),
        ([""], None, (None, None)),
    ],
)
def test_entrypoint_and_command(
    entrypoint: list[str] | None, cmd: list[str] | None, expected: tuple[object, object]
) -> None:
    config = _settle(CreateRequest(image="i", entrypoint=entrypoint, cmd=cmd)).config
    assert (config.entrypoint, config.cmd) == expected


def test_a_health_check_inherits_field_by_field() -> None:
    own = HealthConfig(test=["NONE"], retries=3)
    health = _settle(CreateRequest(image="i", healthcheck=own)).config.healthcheck
    assert health is not None
    assert (health.test, health.interval, health.retries) == (["NONE"], 5, 3)


def test_the_host_part_gets_dockers_defaults() -> None:
    host = _settle(CreateRequest(image="i", host_config=HostConfig(cap_add=["sys_time"]))).host
    assert (host.network_mode, host.ipc_mode, host.cgroupns_mode) == ("bridge", "private", "host")
    assert (host.shm_size, host.restart_policy.name, host.cap_add) == (64 << 20, "no", ["CAP_SYS_TIME"])
    assert host.masked_paths is not None
    assert host.masked_paths[0] == "/proc/asound"
    assert len(host.masked_paths) == 12
    assert host.readonly_paths == ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    assert (host.oom_kill_disable, host.log_config.type) == (False, "json-file")


def test_cgroup_v2_gets_a_namespace_of_its_own() -> None:
    assert _settle(CreateRequest(image="i"), 2).host.cgroupns_mode == "private"
    privileged = HostConfig(privileged=True)
    assert _settle(CreateRequest(image="i", host_config=privileged), 2).host.cgroupns_mode == "host"


def test_privileged_hides_nothing() -> None:
    host = _settle(CreateRequest(image="i", host_config=HostConfig(privileged=True))).host
    assert (host.masked_paths, host.readonly_paths) == ([], [])


def test_published_ports_are_exposed_and_normal() -> None:
    host = HostConfig(port_bindings={"9000": None, "53/UDP": [PortBinding(host_port="53")]})
    settled = _settle(CreateRequest(image="i", host_config=host))
    assert settled.config.exposed_ports == {"80/tcp": {}, "9000/tcp": {}, "53/udp": {}}
    assert settled.host.port_bindings == {
        "9000/tcp": [PortBinding()],
        "53/udp": [PortBinding(host_port="53")],
    }


def test_networks_begin_with_the_modes_own() -> None:
    more = NetworkingConfig(
        endpoints_config={"net2": EndpointSettings(), "default": EndpointSettings(aliases=["a"])}
    )
    networks = _settle(CreateRequest(image="i", networking_config=more)).networks
    assert list(networks) == ["bridge", "net2"]
    assert networks["bridge"].aliases == ["a"]
    joined = HostConfig(network_mode="container:x")
    assert _settle(CreateRequest(image="i", host_config=joined)).networks == {}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (CreateRequest(image="i", working_dir="w"), "it needs to be an absolute path"),
        (CreateRequest(image="i", env=["=x"]), "invalid environment variable: =x"),
        (CreateRequest(image="i", exposed_ports={"x": {}}), "invalid port specification"),
        (CreateRequest(image="i", host_config=HostConfig(cap_add=["NOSUCH"])), "unknown capability"),
        (CreateRequest(image="i", host_config=HostConfig(security_opt=["x=y"])), "invalid --security-opt"),
    ],
)
def test_wrong_values_are_refused(request_: CreateRequest, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        _settle(request_)


def test_a_working_directory_is_cleaned() -> None:
    assert _settle(CreateRequest(image="i", working_dir="/a/./b/../c//")).config.working_dir == "/a/c"
