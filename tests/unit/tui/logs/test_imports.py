from __future__ import annotations

import subprocess
import sys


def test_logs_and_terminals_need_no_textual() -> None:
    """They are used by scripts and tested without a screen; an emulator is imported with the first shell."""
    code = (
        "import sys, pydock.tui.logs.model, pydock.tui.logs.source, pydock.tui.terminal.session\n"
        "import pydock.tui.terminal.sessions, pydock.tui.terminal.keys, pydock.tui.terminal.mouse\n"
        "print([name for name in ('textual', 'bittty', 'pyghostty') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
