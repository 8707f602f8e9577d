from __future__ import annotations

from pydock.tui.rows.tree import Line, lines
from pydock.tui.widgets.textview import wrap


def test_documents_become_indented_lines() -> None:
    document = {"Name": "web", "State": {"Running": True, "Pid": 7}, "Args": ["-x", "y"]}
    assert [(line.depth, line.name, line.value) for line in lines(document)] == [
        (0, "Name", "web"),
        (0, "State", ""),
        (1, "Running", "true"),
        (1, "Pid", "7"),
        (0, "Args", ""),
        (1, "-", "-x"),
        (1, "-", "y"),
    ]


def test_what_says_nothing_is_left_out() -> None:
    document = {"A": "", "B": {"C": None, "D": [0, 0]}, "E": "0001-01-01T00:00:00Z", "F": 1}
    assert [line.name for line in lines(document)] == ["F"]
    assert len(lines(document, empty=True)) > 4


def test_environment_without_equals_and_with_semicolons() -> None:
    """ctop#297 panics on both."""
    assert [line.value for line in lines({"Env": ["FOO", "A=b;c=d"]})] == ["", "FOO", "A=b;c=d"]


def test_values_are_cleaned() -> None:
    assert lines({"a": "x\x1b]0;y\x07"})[0].value == "x\\x1b]0;y\\x07"


def test_a_list_of_records_begins_with_a_dash() -> None:
    found = lines({"Mounts": [{"Type": "bind", "Source": "/a"}]})
    assert [(line.depth, line.name) for line in found] == [(0, "Mounts"), (1, "- Type"), (2, "Source")]


def test_long_values_go_on_under_their_beginning() -> None:
    pieces = wrap(Line(1, "key", "a" * 30, "string"), 30)
    texts = ["".join(text for text, _ in line) for line in pieces]
    assert texts == ["  key: " + "a" * 23, " " * 7 + "a" * 7]


def test_wide_characters_are_not_cut_in_half() -> None:
    pieces = wrap(Line(0, "k", "日本語日本語日本語", "string"), 16)
    assert "".join(text for line in pieces for text, tone in line if tone == "string") == "日本語日本語日本語"
