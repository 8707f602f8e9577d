"""Go templates as `--format` takes them (https://pkg.go.dev/text/template), over records and rows.

`lexer.py` cuts text into tokens, `parser.py` makes a tree, `evaluate.py` walks it, `functions.py` has Go's
and docker's functions, `values.py` looks fields up and prints values as Go's fmt does. Imported only when a
format is given.
"""

from __future__ import annotations

from .evaluate import Template

__all__ = ["Template"]
