"""The daemon's life: an engine, its listeners, what signals ask for."""

from __future__ import annotations

import asyncio
import grp
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

from ..api import Api
from ..config import Paths, default_paths
from ..engine import Engine
from ..errors import Conflict, Internal, Invalid, PydockError
from . import hosts, systemd, tls
from .server import Server
from .settings import RELOADED, Settings

_log = logging.getLogger(__name__)
_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}

Load = Callable[[], Settings]
"""Reads the settings anew; raises Invalid."""


class Service:
    """Serves until it is told to stop; containers go on."""

    def __init__(self, settings: Settings, load: Load) -> None:
        self._settings = settings
        self._load = load
        self._tls: ssl.SSLContext | None = None
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Listen, answer, end. Raises PydockError for what keeps it from starting."""
        addresses, handed = self._addresses()
        if hosts.encrypted(self._settings):
            self._tls = tls.context(self._settings)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopped.set)
        paths = self.paths()
        with ExitStack() as stack:
            if self._settings.pidfile is not None:
                _hold_pidfile(self._settings.pidfile, stack)
            lasting = Engine(paths, self._settings.config, lasting=True)
            async with lasting as engine, Server(Api(engine).handle) as server:
                loop.add_signal_handler(signal.SIGHUP, self._reload, engine)
                for address in addresses:
                    await self._listen(server, address, handed)
                systemd.notify("READY=1", os.environ)
                await self._stopped.wait()
                systemd.notify("STOPPING=1", os.environ)
                _log.info("stopping; containers go on")

    def paths(self) -> Paths:
        default = default_paths()
        return Paths(self._settings.data_root or default.root, self._settings.exec_root or default.run)

    def _addresses(self) -> tuple[list[hosts.Address], list[socket.socket]]:
        """Choose what to listen on; sockets that were handed over are it when nothing else was said."""
        handed = systemd.handed_sockets(os.environ)
        encrypted = hosts.encrypted(self._settings)
        found = [hosts.parse(text, encrypted) for text in self._settings.hosts]
        if not found:
            found = [hosts.Handed() if handed else hosts.Unix(self.paths().run / "pydock.sock")]
        wanted = any(isinstance(address, hosts.Handed) for address in found)
        if wanted and not handed:
            raise Invalid("no sockets were handed over: fd:// is for a start by systemd's socket unit")
        open_ones = [hosts.Tcp(*one.getsockname()[:2]) for one in handed if one.family != socket.AF_UNIX]
        hosts.check([*found, *open_ones], self._settings)
        return found, handed

    async def _listen(self, server: Server, address: hosts.Address, handed: list[socket.socket]) -> None:
        match address:
            case hosts.Unix(path):
                await server.listen_unix(path, group=_group(self._settings.group))
            case hosts.Tcp(host, port):
                ports = await server.listen_tcp(host, port, self._tls)
                address = hosts.Tcp(host, ports[0])
                if self._tls is None or not self._settings.tlsverify:
                    _log.warning("%s is open: whoever connects is root here", hosts.shown(address))
            case hosts.Handed():
                for one in handed:
                    await server.listen(one, None if one.family == socket.AF_UNIX else self._tls)
        _log.info("API listens on %s", hosts.shown(address))

    def _reload(self, engine: Engine) -> None:
        """Take over from daemon.json what can change while running, and say what can't."""
        systemd.notify("RELOADING=1", os.environ)
        try:
            wanted = self._load()
            if self._tls is not None:
                tls.load(self._tls, wanted)
        except PydockError as err:
            _log.error("settings are as before: %s", err.message)
        else:
            set_level(wanted.level)
            late = _needing_a_start(self._settings, wanted)
            self._settings = wanted
            _log.info("settings read anew%s", f"; a new start is needed for: {late}" if late else "")
            engine.events.publish("daemon", "reload", socket.gethostname(), {"name": socket.gethostname()})
        systemd.notify("READY=1", os.environ)


def _needing_a_start(before: Settings, now: Settings) -> str:
    changed = [one.name for one in fields(Settings) if getattr(before, one.name) != getattr(now, one.name)]
    return ", ".join(name for name in (n.replace("_", "-") for n in changed) if name not in RELOADED)


def set_level(name: str) -> None:
    logging.getLogger("pydock").setLevel(_LEVELS[name])


def _group(name: str) -> int:
    """Return a group's number; the socket stays root's own where there is no such group."""
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        return -1


def _hold_pidfile(path: Path, stack: ExitStack) -> None:
    """Write the process id; raises Conflict while the process of an earlier one is alive."""
    try:
        other = path.read_text().strip()
    except OSError:
        other = ""
    if other.isdecimal() and other != str(os.getpid()) and Path("/proc", other).exists():
        raise Conflict(f"process {other} of {path} is still running: end it, or remove the file")
    try:
        path.write_text(f"{os.getpid()}\n")
    except OSError as err:
        raise Internal(f"cannot write {path}: {err.strerror}") from err
    stack.callback(path.unlink, missing_ok=True)
