"""The program `pydockd`: flags and daemon.json to settings, settings to a service, errors to one line."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from dataclasses import replace

from ..errors import PydockError
from . import flags, hosts, settings, tls
from .service import Service, set_level


def run(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; containers go on. Exits with 1 and one line when it can't."""
    options = flags.parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        wanted = _load(options)
        set_level(wanted.level)
        if getattr(options, "validate", False):
            _validate(wanted)
            print("configuration OK")
            return
        asyncio.run(Service(wanted, lambda: _load(options)).run())
    except PydockError as err:
        sys.exit(f"pydockd: {err.message}")


def _load(options: argparse.Namespace) -> settings.Settings:
    path = getattr(options, "config_file", None)
    file = settings.read(path or settings.DEFAULT_FILE, asked_for=path is not None)
    found = settings.parse(settings.merge(flags.values(options), file))
    return replace(found, config=replace(found.config, daemon_file=path or settings.DEFAULT_FILE))


def _validate(wanted: settings.Settings) -> None:
    encrypted = hosts.encrypted(wanted)
    hosts.check([hosts.parse(text, encrypted) for text in wanted.hosts], wanted)
    if encrypted:
        tls.context(wanted)
