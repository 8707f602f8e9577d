"""A terminal with real keys: tmux on a socket of its own, its screen as text and as a picture."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import TerminalTheme

_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_COLOURS = TerminalTheme(
    (16, 20, 24),
    (205, 214, 220),
    [(30, 36, 42), (232, 100, 100), (120, 200, 130), (224, 180, 90),
     (100, 160, 230), (190, 130, 220), (90, 190, 200), (205, 214, 220)],
    [(90, 100, 110), (250, 130, 130), (150, 230, 160), (250, 210, 120),
     (140, 190, 255), (220, 160, 250), (130, 220, 230), (240, 244, 248)],
)  # fmt: skip


class Terminal:
    """One tmux session; `press` sends keys by tmux's names, `type` literal text."""

    def __init__(self, socket: str, size: tuple[int, int]) -> None:
        self._socket = socket
        self.size = size

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run `command` in a new session; the screen stays after its end."""
        columns, rows = self.size
        settings = {"TERM": "tmux-256color", **environment}
        words = ["env", "-i", *(f"{name}={value}" for name, value in settings.items()), *command]
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
            "-s", "main", "sh", "-c", f"{shlex.join(words)}; echo; echo \"[ended $?]\"; exec sleep 600",
        )  # fmt: skip
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("set-option", "-sg", "escape-time", "0")
        self._tmux("set-option", "-g", "default-terminal", "tmux-256color")

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", "main", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-t", "main", "-l", "--", text)

    def enter(self, line: str) -> None:
        """Type a line and press enter."""
        self.type(line)
        self.press("Enter")

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self._tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))

    def text(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "main")

    def coloured(self) -> str:
        """The screen with its colours as escape sequences."""
        return self._tmux("capture-pane", "-e", "-N", "-p", "-t", "main")

    def pid(self) -> int:
        """Process id of the shell that runs the command."""
        return int(self._tmux("display-message", "-p", "-t", "main", "#{pane_pid}"))

    def wait_for(self, pattern: str, seconds: float = _PATIENCE_SECONDS) -> str:
        """Return the screen as soon as `pattern` is on it; fails with the screen in the message."""
        return self._look(lambda screen: re.search(pattern, screen) is not None, f"no {pattern!r}", seconds)

    def wait_gone(self, pattern: str, seconds: float = _PATIENCE_SECONDS) -> str:
        """Return the screen as soon as `pattern` is no longer on it."""
        return self._look(lambda screen: re.search(pattern, screen) is None, f"still {pattern!r}", seconds)

    def _look(self, good: Callable[[str], bool], complaint: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            screen = self.text()
            if good(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"{complaint} on the screen after {seconds:.0f} s:\n{screen}")
            time.sleep(_LOOK_SECONDS)

    def picture(self, path: Path, title: str) -> None:
        """Write the screen with its colours as SVG."""
        columns, rows = self.size
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            console = Console(
                record=True, width=columns, height=rows, file=nowhere, color_system="truecolor",
                force_terminal=True, legacy_windows=False,
            )  # fmt: skip
            # One decoder for all lines: a colour goes on where the line before left it.
            for line in list(AnsiDecoder().decode(self.coloured()))[:rows]:
                console.print(line, no_wrap=True, overflow="crop", crop=True)
            path.write_text(console.export_svg(title=title, theme=_COLOURS, unique_id="pydock"))

    def close(self) -> None:
        pane = self.pid()
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False, capture_output=True)
        try:
            os.killpg(pane, signal.SIGKILL)
        except ProcessLookupError:
            return


@contextmanager
def terminal(size: tuple[int, int] = (120, 36)) -> Iterator[Terminal]:
    """A terminal of these columns and rows, gone afterwards."""
    screen = Terminal(f"pydock-test-{os.getpid()}-{time.monotonic_ns()}", size)
    try:
        yield screen
    finally:
        screen.close()
