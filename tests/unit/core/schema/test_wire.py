"""Docker's JSON: exact names, what is printed when empty, what clients may send."""

from __future__ import annotations

import json

import pytest

from pydock.core.schema import wire
from pydock.core.schema.containers import (
    ContainerInspect,
    ContainerSummary,
    CreateRequest,
    HostConfig,
    PortBinding,
)
from pydock.core.schema.events import Actor, Event
from pydock.core.schema.exec import ExecInspect
from pydock.core.schema.images import Progress
from pydock.core.schema.networks import EndpointSettings, NetworkInspect
from pydock.core.schema.stats import Stats
from pydock.core.schema.system import Info, Version


def plain(record: object) -> dict[str, object]:
    return json.loads(wire.encode(record))


# As `docker inspect` of 28.5.2 prints a created container (golden 069 and 079), optional fields left out.
HOST_CONFIG_ALWAYS = """
AutoRemove Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps
BlkioWeight BlkioWeightDevice CapAdd CapDrop Cgroup CgroupParent CgroupnsMode ConsoleSize
ContainerIDFile CpuCount CpuPercent CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime
CpuShares CpusetCpus CpusetMems DeviceCgroupRules DeviceRequests Devices Dns DnsOptions DnsSearch
ExtraHosts GroupAdd IOMaximumBandwidth IOMaximumIOps IpcMode Isolation Links LogConfig MaskedPaths
Memory MemoryReservation MemorySwap MemorySwappiness NanoCpus NetworkMode OomKillDisable OomScoreAdj
PidMode PidsLimit PortBindings Privileged PublishAllPorts ReadonlyPaths ReadonlyRootfs RestartPolicy
SecurityOpt ShmSize UTSMode Ulimits UsernsMode VolumeDriver VolumesFrom
""".split()
INSPECT_ALWAYS = """
AppArmorProfile Args Config Created Driver ExecIDs GraphDriver HostConfig HostnamePath HostsPath Id
Image LogPath MountLabel Mounts Name NetworkSettings Path Platform ProcessLabel ResolvConfPath
RestartCount State
""".split()
NETWORK_SETTINGS_ALWAYS = """
Bridge EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen HairpinMode IPAddress IPPrefixLen
IPv6Gateway LinkLocalIPv6Address LinkLocalIPv6PrefixLen MacAddress Networks Ports SandboxID
SandboxKey SecondaryIPAddresses SecondaryIPv6Addresses
""".split()
ENDPOINT_ALWAYS = """
Aliases DNSNames DriverOpts EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen GwPriority
IPAMConfig IPAddress IPPrefixLen IPv6Gateway Links MacAddress NetworkID
""".split()


@pytest.mark.parametrize(
    ("record", "names"),
    [
        (HostConfig(), HOST_CONFIG_ALWAYS),
        (ContainerInspect(), INSPECT_ALWAYS),
        (ContainerInspect().network_settings, NETWORK_SETTINGS_ALWAYS),
        (EndpointSettings(), ENDPOINT_ALWAYS),
        (
            NetworkInspect(),
            "Attachable ConfigFrom ConfigOnly Containers Created Driver EnableIPv4 EnableIPv6 IPAM Id "
            "Ingress Internal Labels Name Options Scope".split(),
        ),
        (
            ExecInspect(),
            "CanRemove ContainerID DetachKeys ExitCode ID OpenStderr OpenStdin OpenStdout Pid ProcessConfig "
            "Running".split(),
        ),
    ],
)
def test_empty_records_print_what_dockerd_prints(record: object, names: list[str]) -> None:
    assert sorted(plain(record)) == sorted(names)


def test_optional_fields_are_left_out_until_they_are_set() -> None:
    config = ContainerInspect().config
    assert "Healthcheck" not in plain(config)
    assert "StopTimeout" not in plain(config)
    config.stop_timeout = 0
    assert plain(config)["StopTimeout"] == 0


def test_defaults_are_not_shared_between_records() -> None:
    first, second = HostConfig(), HostConfig()
    first.log_config.type = "none"
    (first.port_bindings or {})["80/tcp"] = [PortBinding(host_port="1")]
    assert second.log_config.type == ""
    assert second.port_bindings == {}


def test_create_request_carries_config_and_host_config_side_by_side() -> None:
    request = CreateRequest(image="busybox", host_config=HostConfig(nano_cpus=5))
    assert plain(request)["Image"] == "busybox"
    assert plain(request)["HostConfig"]["NanoCpus"] == 5  # type: ignore[index]


def test_docker_py_s_nulls_and_strings_are_read_as_go_reads_them() -> None:
    body = {
        "Hostname": None,
        "Tty": None,
        "Cmd": "ls",
        "Entrypoint": None,
        "ExposedPorts": {"80/tcp": None},
        "HostConfig": {"Memory": None, "PortBindings": {"80/tcp": None}, "RestartPolicy": None},
        "NetworkingConfig": {"EndpointsConfig": {"net": None}},
    }
    request = wire.decode(json.dumps(body), CreateRequest)
    assert (request.hostname, request.tty, request.cmd, request.entrypoint) == ("", False, ["ls"], None)
    assert request.exposed_ports == {"80/tcp": {}}
    assert request.host_config is not None
    assert request.host_config.port_bindings == {"80/tcp": None}
    assert request.host_config.restart_policy.name == ""
    assert request.networking_config is not None
    assert request.networking_config.endpoints_config == {"net": EndpointSettings()}


def test_names_are_matched_without_case_and_unknown_ones_are_ignored() -> None:
    request = wire.decode(b'{"image": "x", "TTY": true, "Nosuch": 1, "Hostname": null}', CreateRequest)
    assert (request.image, request.tty) == ("x", True)


def test_a_list_that_is_null_is_empty() -> None:
    assert wire.decode(b"null", list[ContainerSummary]) == []
    assert wire.decode(b'[{"Id": "a", "Ports": null, "Labels": null}]', list[ContainerSummary])[0].ports == []


def test_wrong_types_are_refused() -> None:
    with pytest.raises(wire.msgspec.ValidationError):
        wire.decode(b'{"Tty": {"a": 1}}', CreateRequest)


def test_events_have_the_old_names_beside_the_new() -> None:
    event = Event(
        status="die",
        id="a",
        from_="busybox",
        type="container",
        action="die",
        actor=Actor(id="a"),
        time=1,
        time_nano=2,
    )
    assert list(plain(event)) == "status id from Type Action Actor scope time timeNano".split()


def test_progress_prints_only_what_it_has() -> None:
    assert plain(Progress(stream="Loaded")) == {"stream": "Loaded"}


def test_numbers_of_info_and_version_have_docker_s_spelling() -> None:
    assert {"NCPU", "NFd", "NGoroutines", "CPUShares", "CPUSet", "OSType", "IPv4Forwarding", "ID"} <= set(
        plain(Info())
    )
    assert "MinAPIVersion" in plain(Version())
    assert "precpu_stats" in plain(Stats())
