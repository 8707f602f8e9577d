"""docs/compatibility.md: the table of what passed and what did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .verdict import Verdict

_HEAD = """# Compatibility

Written by `make conformance`; don't edit. pydockd answers the Docker Engine API, versions 1.24 to 1.51. Here
it is judged by programs that nobody here wrote, against what real dockerds answered.

| judge | pass | fail | differs as meant | skipped |
| --- | ---: | ---: | ---: | ---: |
"""


def write(verdicts: Sequence[Verdict]) -> str:
    """Return the page."""
    judges = list(dict.fromkeys(verdict.judge for verdict in verdicts))
    lines = [_row(judge, [v for v in verdicts if v.judge == judge]) for judge in judges]
    page = _HEAD + "\n".join(lines) + "\n"
    for title, outcome in (("Fails", "fail"), ("Differs as meant", "other"), ("Skipped", "skip")):
        chosen = [v for v in verdicts if v.outcome == outcome]
        if chosen:
            page += f"\n## {title}\n| judge | what | how |\n| --- | --- | --- |\n" + _entries(chosen)
    return page


def _row(judge: str, verdicts: Sequence[Verdict]) -> str:
    counts = Counter(v.outcome for v in verdicts)
    return f"| {judge} | {counts['pass']} | {counts['fail']} | {counts['other']} | {counts['skip']} |"


def _entries(verdicts: Iterable[Verdict]) -> str:
    return "".join(f"| {v.judge} | {v.name} | {_cell(v.why)} |\n" for v in verdicts)


def _cell(text: str) -> str:
    text = text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
    return text if len(text) <= 240 else text[:239] + "…"
