"""Output: tables, and `--format` in its three kinds (json, a template, `table` and a template)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from .failure import Failure

Row = Mapping[str, object]
"""A row's columns by their names in templates; every value is text, or a function of a template."""

# As docker's tabwriter: three blanks between columns, none narrower than ten.
_GAP = 3
_NARROWEST = 10


def write(text: str) -> None:
    sys.stdout.write(text)


def line(text: object) -> None:
    sys.stdout.write(f"{text}\n")


def table(lines: Sequence[Sequence[str]], line_end: str = "\n") -> str:
    """Lay columns out as docker does: as wide as their widest cell and three blanks."""
    columns = zip(*lines, strict=True)
    widths = [max(_NARROWEST, _GAP + max(map(len, column))) for column in columns]
    out = []
    for cells in lines:
        padded = [cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=False)]
        out.append("".join(padded) + cells[-1] + line_end)
    return "".join(out)


def rows(
    found: Sequence[Row],
    titles: Mapping[str, str],
    columns: Sequence[str],
    format: str,
    line_end: str = "\n",
) -> None:
    """Print rows. `titles` has every column's heading, `columns` those of the table without a format."""
    if format in ("", "table"):
        body = [[str(row[column]) for column in columns] for row in found]
        write(table([[titles[column] for column in columns], *body], line_end))
    elif format == "json":
        _json_lines(found)
    elif format.startswith("table "):
        _table_of(found, titles, format.removeprefix("table ").strip())
    else:
        render = template(format)
        for row in found:
            line(render(row))


def _json_lines(found: Sequence[Row]) -> None:
    render = template("{{json .}}")
    for row in found:
        line(render(row))


def _table_of(found: Sequence[Row], titles: Mapping[str, str], source: str) -> None:
    render = template(source)
    lines = [render(titles).split("\t"), *(render(row).split("\t") for row in found)]
    width = max(map(len, lines))
    write(table([cells + [""] * (width - len(cells)) for cells in lines]))


def template(source: str) -> Callable[[object], str]:
    """Compile a `--format`, in which `\\t` and `\\n` stand for tab and newline; raises Failure."""
    from ..errors import Invalid
    from .template import Template

    if source == "json":
        source = "{{json .}}"
    try:
        compiled = Template(source.replace("\\t", "\t").replace("\\n", "\n"))
    except Invalid as err:
        raise Failure(f"failed to parse template: {err}") from None

    def render(value: object) -> str:
        try:
            return compiled.render(value)
        except Invalid as err:
            raise Failure(f"failed to execute template: {err}") from None

    return render


def safe(text: str) -> str:
    """Show control characters of a foreign text instead of obeying them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def ellipsis(text: str, width: int) -> str:
    """Cut a text to `width` characters, the last one an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"


def flush() -> None:
    """Let a reader see what was printed so far."""
    sys.stdout.flush()
