"""Run's flags as the request that creates a container."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.core.cli.failure import Failure
from pydock.core.cli.flags import parse
from pydock.core.cli.options.flags import RUN
from pydock.core.cli.options.request import request
from pydock.core.schema.containers import (
    CreateRequest,
    DeviceMapping,
    HostConfig,
    Mount,
    PortBinding,
    TmpfsOptions,
    Ulimit,
)


def read(*arguments: str) -> CreateRequest:
    options, rest = parse(RUN, [*arguments, "busybox", "a", "-b"], interspersed=False)
    return request(options, rest[0], rest[1:])


def host(*arguments: str) -> HostConfig:
    found = read(*arguments).host_config
    assert found is not None
    return found


def test_plain() -> None:
    found = read()
    assert (found.image, found.cmd, found.entrypoint) == ("busybox", ["a", "-b"], None)
    assert (found.attach_stdin, found.attach_stdout, found.attach_stderr) == (False, True, True)
    assert host().network_mode == "default"


@pytest.mark.parametrize(
    ("arguments", "attached"),
    [
        (["-i"], (True, True, True)),
        (["-d"], (False, False, False)),
        (["-d", "-i"], (False, False, False)),
        (["-a", "stderr"], (False, False, True)),
        (["-i", "-a", "STDIN"], (True, False, False)),
    ],
)
def test_what_is_attached(arguments: list[str], attached: tuple[bool, bool, bool]) -> None:
    found = read(*arguments)
    assert (found.attach_stdin, found.attach_stdout, found.attach_stderr) == attached


@pytest.mark.parametrize(
    ("spec", "bindings"),
    [
        ("80", {"80/tcp": [PortBinding()]}),
        ("8080:80", {"80/tcp": [PortBinding(host_port="8080")]}),
        ("127.0.0.1:8123:80/udp", {"80/udp": [PortBinding(host_ip="127.0.0.1", host_port="8123")]}),
        ("127.0.0.1::81", {"81/tcp": [PortBinding(host_ip="127.0.0.1")]}),
        ("[::1]:1:2", {"2/tcp": [PortBinding(host_ip="::1", host_port="1")]}),
        (
            "9000-9001:80-81",
            {"80/tcp": [PortBinding(host_port="9000")], "81/tcp": [PortBinding(host_port="9001")]},
        ),
        ("8000-8010:80", {"80/tcp": [PortBinding(host_port="8000-8010")]}),
        ("published=8080,target=80", {"80/tcp": [PortBinding(host_port="8080")]}),
    ],
)
def test_published_ports(spec: str, bindings: dict[str, list[PortBinding]]) -> None:
    assert host("-p", spec).port_bindings == bindings
    assert set(read("-p", spec).exposed_ports or {}) == set(bindings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "x:y"], "invalid containerPort: y"),
        (["-p", "x:80"], "invalid hostPort: x"),
        (["-p", "1.2.3:80:80"], "invalid IP address: 1.2.3"),
        (["-p", "80/xyz"], "invalid proto: xyz"),
        (["-p", "80-82:80-81"], "invalid ranges specified for container and host Ports: 80-81 and 80-82"),
        (["--rm", "--restart", "always"], "conflicting options: cannot specify both --restart and --rm"),
        (
            ["--restart", "on-failure:x"],
            "invalid restart policy format: maximum retry count must be an integer",
        ),
        (["--no-healthcheck", "--health-cmd", "x"], "--no-healthcheck conflicts with --health-* options"),
        (["--env-file", "/nosuch"], "open /nosuch: no such file or directory"),
        (["--ulimit", "x"], 'invalid argument "x" for "--ulimit" flag: invalid ulimit argument: x'),
        (
            ["--mount", "bad"],
            'invalid argument "bad" for "--mount" flag: invalid field \'bad\' must be a key=value pair',
        ),
        (["--mount", "type=bind"], 'invalid argument "type=bind" for "--mount" flag: target is required'),
        (["-e", "="], 'invalid argument "=" for "-e, --env" flag: invalid environment variable: ='),
        (["--add-host", "x"], 'bad format for add-host: "x"'),
        (["-a", "x"], "valid streams are STDIN, STDOUT and STDERR"),
        (["--network-alias", "x"], "network-scoped aliases are only supported for user-defined networks"),
        (["--cgroupns", "x"], "--cgroupns: invalid CGROUP mode"),
        (["--security-opt", "x"], 'invalid --security-opt: "x"'),
    ],
)
def test_what_is_wrong_is_said_in_docker_s_words(arguments: list[str], message: str) -> None:
    with pytest.raises(Failure) as caught:
        read(*arguments)
    assert caught.value.message == message
    assert caught.value.status == 125


def test_volumes_binds_mounts_and_tmpfs() -> None:
    found = read("-v", "/anon", "-v", "name:/data", "-v", "./here:/x:ro", "--tmpfs", "/t:size=1m")
    assert found.volumes == {"/anon": {}}
    config = found.host_config
    assert config is not None
    assert config.binds == ["name:/data", f"{Path.cwd()}/here:/x:ro"]
    assert config.tmpfs == {"/t": "size=1m"}
    mounts = host("--mount", "type=tmpfs,dst=/tm,tmpfs-size=1000", "--mount", "src=v,dst=/v,readonly").mounts
    assert mounts == [
        Mount(type="tmpfs", target="/tm", tmpfs_options=TmpfsOptions(size_bytes=1000)),
        Mount(type="volume", source="v", target="/v", read_only=True),
    ]


def test_limits_devices_and_ulimits() -> None:
    config = host(
        "--cpus", "1.5", "-m", "100m", "--memory-swap", "-1", "--pids-limit", "33",
        "--ulimit", "nofile=10:20",
        "--device", "/dev/zero:/dev/z:r", "--device", "/dev/null:rw", "--shm-size", "9m",
    )  # fmt: skip
    assert (config.nano_cpus, config.memory, config.memory_swap) == (1_500_000_000, 100 << 20, -1)
    assert (config.pids_limit, config.shm_size) == (33, 9 << 20)
    assert config.ulimits == [Ulimit(name="nofile", soft=10, hard=20)]
    assert config.devices == [
        DeviceMapping(path_on_host="/dev/zero", path_in_container="/dev/z", cgroup_permissions="r"),
        DeviceMapping(path_on_host="/dev/null", path_in_container="/dev/null", cgroup_permissions="rw"),
    ]


def test_environment_comes_from_files_then_flags_and_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROMHOST", "h")
    monkeypatch.delenv("UNSET", raising=False)
    file = tmp_path / "env"
    file.write_text("# c\nF1=x\nF2=y z\nFROMHOST\nUNSET\n")
    found = read("-e", "X=1", "-e", "EMPTY=", "-e", "FROMHOST", "-e", "UNSET", "--env-file", str(file))
    assert found.env == ["F1=x", "F2=y z", "FROMHOST=h", "X=1", "EMPTY=", "FROMHOST=h", "UNSET"]


def test_networks() -> None:
    found = read(
        "--network", "net", "--network-alias", "a", "--ip", "10.0.0.5", "--network", "name=two,alias=b"
    )
    assert found.host_config is not None
    assert found.host_config.network_mode == "net"
    assert found.networking_config is not None
    endpoints = found.networking_config.endpoints_config or {}
    assert endpoints["net"].aliases == ["a"]
    assert endpoints["net"].ipam_config is not None
    assert endpoints["net"].ipam_config.ipv4_address == "10.0.0.5"
    assert endpoints["two"].aliases == ["b"]


def test_a_seccomp_profile_s_content_is_sent(tmp_path: Path) -> None:
    profile = tmp_path / "p.json"
    profile.write_text('{ "defaultAction":\n "SCMP_ACT_ALLOW" }')
    assert host("--security-opt", f"seccomp={profile}").security_opt == [
        'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
    ]
    assert host("--security-opt", "systempaths=unconfined").masked_paths == []


def test_entrypoint_health_restart_and_init() -> None:
    found = read(
        "--entrypoint", "", "--health-cmd", "true", "--health-interval", "3s", "--restart", "on-failure:3"
    )
    assert found.entrypoint == [""]
    assert found.healthcheck is not None
    assert (found.healthcheck.test, found.healthcheck.interval) == (["CMD-SHELL", "true"], 3 * 10**9)
    assert found.host_config is not None
    assert found.host_config.restart_policy.maximum_retry_count == 3
    assert found.host_config.init is None
    assert host("--init").init is True
