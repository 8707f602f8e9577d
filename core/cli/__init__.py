"""The command line `pydock`: docker's commands, flags, output and exit codes.

`main.py` finds the command in `table.py` and runs it; a command's module is imported only when it is called,
for `pydock ps` has 120 ms. `flags.py` reads flags by docker's rules (pflag), `usage.py` prints help. Commands
stand in `commands/`, one file a group. They talk to an engine through the client that `connect.py` opens.

What they print goes through `render.py` (tables, `--format` by `template/`) over `rows.py` (wire record to
columns, pure). `options/` turns run's flags into a CreateRequest (pure). `terminal.py` and `session.py` are
raw mode, detach keys, resizing and the copying of streams. `copying.py` is the local side of `cp`.

The parser is our own (not click) for docker's flag grammar and for the start-up time.
Exit codes: what docker exits with. Errors end in `main.py` and nowhere before.
"""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit."""
    from .main import run

    sys.exit(run(sys.argv[1:] if arguments is None else arguments))
