"""Record real programs for the terminal contract: what they write, and what tmux makes of it.

    python tests/contract/terminal_streams/record.py [name ...]

`<name>.raw` is every byte the program wrote; `<name>.json` has the screen and the cursor that tmux showed
when so many of them had come. Needs tmux, vim, less, top, bash, busybox, git.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS, ROWS = 80, 24
_QUIET_S = 0.4

# A small editor in the manner of nano: title in reverse, help in the last rows, lines inserted and deleted.
_EDITOR = """
import curses
def main(screen):
    curses.curs_set(1)
    lines = ["first line", "second line", "third: \\u65e5\\u672c\\u8a9e \\u00e9"]
    y = x = 0
    while True:
        height, width = screen.getmaxyx()
        screen.erase()
        screen.addstr(0, 0, "  small editor".ljust(width - 1), curses.A_REVERSE)
        for at, line in enumerate(lines):
            screen.addstr(at + 2, 0, line)
        for at, word in enumerate(("^G Help", "^O Write", "^K Cut")):
            screen.addstr(height - 1, at * 20, word[:2], curses.A_REVERSE)
            screen.addstr(word[2:])
        screen.move(y + 2, x)
        key = screen.get_wch()
        if key == "\\x18":
            return
        if key == curses.KEY_DOWN:
            y = min(y + 1, len(lines) - 1)
        elif key == curses.KEY_RIGHT:
            x += 1
        elif key == "\\x0b":
            del lines[y]
        elif key == "\\n":
            lines.insert(y + 1, lines[y][x:]); lines[y] = lines[y][:x]; y, x = y + 1, 0
        elif isinstance(key, str):
            lines[y] = lines[y][:x] + key + lines[y][x:]; x += 1
curses.wrapper(main)
"""

_TEXT = "".join(
    f"line {n:3} " + "word " * (n % 9) + ("日本語 é" if n % 7 == 0 else "") + "\n" for n in range(120)
)

# name: (command, keys by steps; a step is one call of tmux send-keys)
PROGRAMS: dict[str, tuple[list[str], list[list[str]]]] = {
    "vim": (
        ["vim", "-u", "NONE", "-N", "-n", "-c", "syntax on", "-c", "set nu hlsearch showcmd", "prog.py"],
        [[":vsplit", "Enter"], ["dd", "5j", "p", "u"], ["/def", "Enter"], ["Otext", "Escape"],
         [":q!", "Enter"], ["V", "10j"], ["Escape", "gg", "zz"], ["G"]],
    ),
    "less": (
        ["less", "-S", "-N", "text"],
        [["Space"], ["/line .*7", "Enter"], ["n"], ["G"], ["k", "k", "u"], ["g"], ["Right"]],
    ),
    "top": (["top", "-d", "90", "-p", "{pid}"], [["1"], ["m"], ["h"], ["Escape"], ["V"]]),
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        [["echo one two three", "Enter"], ["C-p"], ["C-a", "printf 'a\\tb\\n' #"], ["Enter"],
         ["ls --color=always", "Enter"], ["echo " + "long" * 25], ["C-w", "C-y"], ["C-c"],
         ["echo 日本語 wide é", "Enter"], ["C-l"], ["cat text", "Enter"]],
    ),
    "busybox-vi": (
        ["busybox", "vi", "text"],
        [["C-f"], ["ihello", "Escape"], ["dd"], ["G"], ["o" + "new", "Escape"], [":1", "Enter"]],
    ),
    "editor": (
        [sys.executable, "editor.py"],
        [["abc"], ["Down", "Right"], ["Enter"], ["C-k"], ["Down", "Down", "x"]],
    ),
    "git-log": (
        ["git", "-C", "repo", "-c", "core.pager=less -R", "log", "--color=always", "--stat", "-p"],
        [["Space"], ["G"], ["/second", "Enter"]],
    ),
}  # fmt: skip


def main() -> None:
    for name in sys.argv[1:] or PROGRAMS:
        with tempfile.TemporaryDirectory() as directory:
            record(name, Path(directory))


def record(name: str, directory: Path) -> None:
    """Run one program in a tmux of its own and write its two files."""
    command, steps = PROGRAMS[name]
    _prepare(directory)
    sleeper = subprocess.Popen(["sleep", "100"])
    words = [word.format(pid=sleeper.pid) if word == "{pid}" else word for word in command]
    raw = HERE / f"{name}.raw"
    raw.write_bytes(b"")
    tmux = ["tmux", "-L", f"record-{os.getpid()}", "-f", "/dev/null"]
    environment = {**_ENVIRONMENT, "HOME": str(directory)}

    def call(*arguments: str) -> str:
        return subprocess.run([*tmux, *arguments], check=True, capture_output=True, text=True).stdout

    try:
        (directory / "run.sh").write_text('while [ ! -e go ]; do sleep 0.1; done; exec "$@"')
        setting = [f"{key}={value}" for key, value in environment.items()]
        call("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(directory))
        call("set-option", "-g", "status", "off")
        call("set-option", "-g", "remain-on-exit", "on")
        call("respawn-pane", "-k", "-c", str(directory), "env", "-i", *setting, "sh", "run.sh", *words)
        call("pipe-pane", "-o", f"exec cat >> {raw}")
        (directory / "go").touch()
        points = [_point(call, raw)]
        for keys in steps:
            for key in keys:
                literal = [] if _is_name(key) else ["-l"]
                call("send-keys", *literal, key)
            points.append(_point(call, raw))
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
        # What ran there still tidies up in the directory that goes next.
        time.sleep(_QUIET_S)
        sleeper.kill()
        sleeper.wait()
    document = {"columns": COLUMNS, "rows": ROWS, "points": points}
    (HERE / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n")
    print(name, raw.stat().st_size, "bytes", len(points), "points")


_ENVIRONMENT = {
    "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "PS1": "$ ", "HISTFILE": "",
    "INPUTRC": "/dev/null", "LESS": "", "GIT_CONFIG_GLOBAL": "/dev/null", "LESSHISTFILE": "-",
}  # fmt: skip


def _is_name(key: str) -> bool:
    return key in ("Enter", "Escape", "Space", "Right", "Down") or key.startswith("C-")


def _point(call: object, raw: Path) -> dict[str, object]:
    """Wait until nothing more comes; return how much came and what the screen shows."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < _QUIET_S:
        if raw.stat().st_size != size:
            size, since = raw.stat().st_size, time.monotonic()
        time.sleep(0.05)
    shown: list[str] = call("capture-pane", "-p").split("\n")[:ROWS]  # type: ignore[operator]
    x, y, visible = call(  # type: ignore[operator]
        "display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}"
    ).split()
    cursor = [int(x), int(y)] if visible == "1" else None
    return {"bytes": size, "cursor": cursor, "screen": [row.rstrip() for row in shown]}


def _prepare(directory: Path) -> None:
    (directory / "text").write_text(_TEXT)
    (directory / "editor.py").write_text(_EDITOR)
    body = 'def f(x: int) -> str:\n    """Say x."""\n    return f"{x} times"  # why\n\n\n' * 12
    (directory / "prog.py").write_text(body)
    repo = directory / "repo"
    for words in (["init", "-q", str(repo)], ["-C", str(repo), "config", "user.email", "a@example.org"],
                  ["-C", str(repo), "config", "user.name", "A"]):  # fmt: skip
        subprocess.run(["git", *words], check=True)
    for name in ("first", "second"):
        (repo / name).write_text(_TEXT[: 600 if name == "first" else 900])
        subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
        subprocess.run(["git", "-C", str(repo), "commit", "-q", "-m", f"{name} commit"], check=True)


if __name__ == "__main__":
    main()
