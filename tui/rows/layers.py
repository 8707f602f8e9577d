"""Rows of the layer list: the history of one image, newest first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..text import age, clean, size
from .cells import Cell, Column, Row

if TYPE_CHECKING:
    from pydock.core.schema.images import HistoryEntry

COLUMNS = (
    Column("number", "#", 2, right=True),
    Column("size", "SIZE", 5, right=True, descending=True),
    Column("command", "CREATED BY", 12, flex=1),
    Column("created", "AGE", 5, right=True, needs=40),
)

_SHELL = re.compile(r"^(?:RUN )?/bin/sh -c (?:#\(nop\)\s*)?")
_BUILDKIT = re.compile(r"\s*# buildkit\s*$")


def instruction(entry: HistoryEntry) -> str:
    """The instruction that made the layer, as it stood in the Dockerfile."""
    text = " ".join((entry.created_by or entry.comment or "").split())
    nop = "#(nop)" in text
    shell = text.startswith(("/bin/sh -c", "RUN /bin/sh -c"))
    text = _BUILDKIT.sub("", _SHELL.sub("", text)).strip()
    return clean(f"RUN {text}" if shell and not nop else text or "imported")


def row(index: int, entry: HistoryEntry, now: float) -> Row:
    """One layer as a row; its key is its place in the history, as most layers have no id."""
    text = instruction(entry)
    created = float(entry.created or 0)
    empty = not entry.size
    return Row(
        key=str(index),
        cells=(
            Cell(str(index + 1), "faint"),
            Cell("    -" if empty else size(entry.size, 1000), "dim" if empty else "accent"),
            Cell(text, "dim" if empty else "text"),
            Cell(age(now - created) if created > 0 else "-", "dim"),
        ),
        sort=(float(index), float(entry.size or 0), text.lower(), -created),
        search=text.lower(),
    )
