"""`version`, `info` and `system check`."""

from __future__ import annotations

import os
import sys
from typing import Any

from ...errors import PydockError
from ...schema import wire
from ...schema.system import Info, Version
from ...units import human_size_binary
from .. import render
from ..command import Cli, Command
from ..execute import describe
from ..failure import Failure
from ..flags import Flag, Options

_FORMAT = Flag("format", "Format output using a custom template: 'json' or 'TEMPLATE' (Go)", "string", "f")
_API_VERSION = "1.51"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


async def _version(cli: Cli, options: Options, arguments: list[str]) -> int:
    format = options.text("format")
    show = render.template(format) if format else None
    server, error = None, None
    try:
        async with cli.connect() as client:
            server = await client.system.version()
    except PydockError as err:
        error = describe(err)
    if show is not None:
        plain = _server(server) if server else None
        render.line(show({"Client": _client(), "Server": plain}))
    else:
        _show_version(_client(), server)
    if error:
        sys.stdout.flush()
        raise Failure(error)
    return 0


def _client() -> dict[str, Any]:
    from ..main import VERSION

    name = os.uname()
    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "Platform": {"Name": "pydock"},
        "Version": VERSION,
        "APIVersion": _API_VERSION,
        "DefaultAPIVersion": _API_VERSION,
        "GitCommit": "",
        "GoVersion": "",
        "PythonVersion": python,
        "Os": "linux",
        "Arch": _MACHINES.get(name.machine, name.machine),
        "BuildTime": "",
        "Context": "default",
        "Debug": False,
        "Plugins": [],
        "Warnings": None,
    }


def _server(server: Version) -> dict[str, Any]:
    plain: dict[str, Any] = wire.to_plain(server)
    return {**plain, "APIVersion": server.api_version}


def _show_version(client: dict[str, Any], server: Version | None) -> None:
    lines = [("Client:", "")]
    lines += [(" Version:", client["Version"]), (" API version:", client["APIVersion"])]
    lines += [(" Python version:", client["PythonVersion"]), (" OS/Arch:", f"linux/{client['Arch']}")]
    if server is not None:
        lines += [("", ""), (f"Server: {server.platform.name}", "")]
        for component in server.components:
            lines += [(f" {component.name}:", ""), ("  Version:", component.version)]
            details = component.details or {}
            if "ApiVersion" in details:
                minimum = details.get("MinAPIVersion", "")
                shown = f"{details['ApiVersion']} (minimum version {minimum})"
                lines += [("  API version:", shown), ("  OS/Arch:", f"{server.os}/{server.arch}")]
                lines += [("  Kernel:", server.kernel_version)] if server.kernel_version else []
    for name, value in lines:
        render.line(f"{name:<19}{value}" if value else name)


async def _info(cli: Cli, options: Options, arguments: list[str]) -> None:
    format = options.text("format")
    async with cli.connect() as client:
        data = await client.system.info_raw()
    info = wire.decode(data, Info)
    if format:
        import json

        render.line(render.template(format)({**json.loads(data), "ClientInfo": _client()}))
        return
    _show_info(info)
    sys.stdout.flush()
    for warning in info.warnings or ():
        print(warning, file=sys.stderr)


def _show_info(info: Info) -> None:
    for text in (
        "Client:",
        f" Version:    {_client()['Version']}",
        "",
        "Server:",
        f" Containers: {info.containers}",
        f"  Running: {info.containers_running}",
        f"  Paused: {info.containers_paused}",
        f"  Stopped: {info.containers_stopped}",
        f" Images: {info.images}",
        f" Server Version: {info.server_version}",
        f" Storage Driver: {info.driver}",
        *(f"  {name}: {value}" for name, value in info.driver_status or ()),
        f" Logging Driver: {info.logging_driver}",
        f" Cgroup Driver: {info.cgroup_driver}",
        f" Cgroup Version: {info.cgroup_version}",
        " Plugins:",
        f"  Volume: {' '.join(info.plugins.volume or ())}",
        f"  Network: {' '.join(info.plugins.network or ())}",
        f"  Log: {' '.join(info.plugins.log or ())}",
        f" Swarm: {info.swarm.local_node_state}",
        f" Runtimes: {' '.join(sorted(info.runtimes or ()))}",
        f" Default Runtime: {info.default_runtime}",
        *([" Security Options:"] if info.security_options else []),
        *(line for option in info.security_options or () for line in _security(option)),
        f" Kernel Version: {info.kernel_version}",
        f" Operating System: {info.operating_system}",
        f" OSType: {info.os_type}",
        f" Architecture: {info.architecture}",
        f" CPUs: {info.ncpu}",
        f" Total Memory: {human_size_binary(info.mem_total)}",
        f" Name: {info.name}",
        f" ID: {info.id}",
        f" Docker Root Dir: {info.docker_root_dir}",
        f" Debug Mode: {str(info.debug).lower()}",
        f" Experimental: {str(info.experimental_build).lower()}",
        f" Live Restore Enabled: {str(info.live_restore_enabled).lower()}",
    ):
        render.line(text)


def _security(option: str) -> list[str]:
    fields = dict(part.partition("=")[::2] for part in option.split(","))
    lines = [f"  {fields.pop('name', option)}"]
    return lines + [f"   {key.capitalize()}: {value}" for key, value in fields.items()]


async def _check(cli: Cli, options: Options, arguments: list[str]) -> int:
    """Look at this machine's state, and with --repair open an engine that mends what it finds."""
    from ...hosts import chosen_host

    if chosen_host(cli.host) is not None:
        raise Failure("'system check' looks at this machine's own state: call it without -H and DOCKER_HOST")
    from ...config import Config, default_paths
    from ...engine import Engine

    repair = options.flag("repair")
    async with Engine(default_paths(), Config(), mend="all" if repair else "nothing") as engine:
        for text in engine.recovered:
            render.line(f"mended: {text}")
        found = await engine.check()
    for text in found:
        render.line(f"found: {text}")
    if not found and not engine.recovered:
        render.line("all is as it should be")
    if found and not repair:
        sys.stdout.flush()
        print("mend it with 'pydock system check --repair'", file=sys.stderr)
    return 1 if found else 0


VERSION = Command("version", "", "Show the pydock version information", _version, (_FORMAT,), most=0)
INFO = Command("info", "", "Display system-wide information", _info, (_FORMAT,), most=0)
CHECK = Command(
    "system check",
    "",
    "Look for what an ended engine, a dead shim or a reboot left behind",
    _check,
    (Flag("repair", "Mend what is found"),),
    most=0,
)
