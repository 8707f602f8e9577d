"""`pydock-tui`: arguments, what can't work, start.

Nothing of the engine is imported before the first frame.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydock.core.config import Paths


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="pydock-tui",
        description="A terminal workstation for containers: lists, logs and shells side by side.",
    )
    result.add_argument(
        "-H", "--host", help="a daemon: unix:///run/docker.sock, tcp://host:port, or 'embedded'"
    )
    result.add_argument("--root", type=Path, help="state directory of the engine in this process")
    result.add_argument("--theme", default="", help="theme to start with (T chooses one inside)")
    result.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    result.add_argument("--ascii", action="store_true", help="no characters beyond ASCII")
    result.add_argument("--version", action="store_true", help="print the version and leave")
    return result


def version() -> str:
    """The installed version; the module that knows it takes as long to import as half the screen."""
    from importlib import metadata

    try:
        return metadata.version("pydock")
    except metadata.PackageNotFoundError:
        return "unknown"


def refusal(environment: Mapping[str, str], is_terminal: bool) -> str:
    """Why there can't be a full-screen program here, and what to do; or nothing."""
    if not is_terminal:
        return "not a terminal: use `pydock ps` and its siblings in scripts"
    if environment.get("TERM", "") in ("", "dumb", "unknown"):
        term = environment.get("TERM", "")
        return f"TERM={term} can't show full screens: set TERM=xterm-256color, or use `pydock`"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the workstation; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.version:
        print(f"pydock-tui {version()}")
        return 0
    why = refusal(os.environ, sys.stdin.isatty() and sys.stdout.isatty())
    if why:
        print(f"pydock-tui: {why}", file=sys.stderr)
        return 2
    if os.environ.get("SSH_CONNECTION"):
        # A line with some delay shows no more frames than this, and each costs it bytes.
        os.environ.setdefault("TEXTUAL_FPS", "20")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # Building the app makes a million objects that stay: no collection while it does.
    gc.disable()
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    from pydock.core.client.connect import chosen_host

    from . import config, escape
    from .app import Workstation
    from .connect import Connector
    from .text import ASCII, glyphs_for_terminal

    settings, problems = config.load(config.directory() / "config.toml")
    connector = Connector(chosen_host(options.host or settings.host or None), _paths(options.root))
    app = Workstation(
        connector,
        host=connector.label,
        settings=settings,
        problems=problems,
        glyphs=ASCII if options.ascii else glyphs_for_terminal(),
        theme_name=options.theme,
    )
    escape.install()
    app.run(mouse=settings.mouse and not options.no_mouse)
    return app.return_code or 0


def _paths(root: Path | None) -> Paths | None:
    if root is None:
        return None
    from pydock.core.config import Paths

    return Paths(root, root / "run")
