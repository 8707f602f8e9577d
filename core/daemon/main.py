"""The program `pydockd`."""

from __future__ import annotations

import argparse
import asyncio
import grp
import logging
import signal
import sys
from pathlib import Path

from ..api import Api
from ..config import Config, Paths, default_paths
from ..engine import Engine
from ..errors import PydockError
from .server import Server

_GROUP = "docker"
_log = logging.getLogger(__name__)


def run(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; containers go on. Exits with 1 and one line when it can't."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.debug else logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(_serve(options))
    except PydockError as err:
        sys.exit(f"pydockd: {err.message}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("pydockd", description="The pydock engine as a daemon.")
    parser.add_argument("-H", "--host", action="append", help="address to listen on (unix:///path)")
    parser.add_argument("-G", "--group", default=_GROUP, help="group of the socket (default docker)")
    parser.add_argument("-D", "--debug", action="store_true", help="log more")
    parser.add_argument("--data-root", type=Path, help="directory of the state")
    parser.add_argument("--exec-root", type=Path, help="directory of what a reboot takes away")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    default = default_paths()
    paths = Paths(options.data_root or default.root, options.exec_root or default.run)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with Engine(paths, Config()) as engine, Server(Api(engine).handle) as server:
        for host in options.host or [f"unix://{paths.run}/pydock.sock"]:
            scheme, _, path = host.partition("://")
            if scheme != "unix":
                sys.exit(f"pydockd: only unix:// addresses can be listened on yet: {host}")
            await server.listen_unix(Path(path), group=_group(options.group))
            _log.info("API listens on %s", path)
        await stopped.wait()
        _log.info("stopping; containers go on")


def _group(name: str) -> int:
    """Return a group's number; the socket stays root's own where there is no such group."""
    try:
        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        return -1
