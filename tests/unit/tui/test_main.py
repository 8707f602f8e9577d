from __future__ import annotations

import subprocess
import sys

import pytest

from pydock.tui.main import main, parser, refusal


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_terminals_that_cant_are_refused_in_one_line(term: str) -> None:
    why = refusal({"TERM": term}, True)
    assert "TERM=xterm-256color" in why
    assert "\n" not in why


def test_no_terminal_is_refused() -> None:
    assert "not a terminal" in refusal({"TERM": "xterm"}, False)


def test_a_good_terminal_is_not_refused() -> None:
    assert refusal({"TERM": "xterm-256color"}, True) == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pydock-tui ")


def test_options() -> None:
    options = parser().parse_args(["-H", "unix:///x", "--theme", "paper", "--no-mouse"])
    assert (options.host, options.theme, options.no_mouse) == ("unix:///x", "paper", True)


def test_the_first_frame_imports_no_engine_and_no_http() -> None:
    code = (
        "import sys, pydock.tui.app, pydock.tui.connect\n"
        "bad = [m for m in sys.modules if m.startswith(('httpx', 'pyroute2', 'pydock.core.engine',"
        " 'pydock.core.api', 'pydock.core.runtime'))]\n"
        "print(bad)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_what_is_not_seen_imports_no_textual() -> None:
    names = "picture mirror actions keymap config text sources dialogs.fields screens.layout".split()
    names += ["rows.containers", "rows.images", "rows.layers", "rows.networks", "rows.events", "rows.tree"]
    code = f"import sys, importlib\nfor n in {names}: importlib.import_module('pydock.tui.' + n)\n"
    code += "print([m for m in sys.modules if m.startswith('textual')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
