from __future__ import annotations

import pytest

from pydock.tui.logs.fields import choose, fields, flat
from pydock.tui.logs.model import LogModel
from pydock.tui.logs.store import LogStore

RECORDS = (
    b'{"time":"2026-01-01","level":"info","msg":"started","http":{"port":80}}\n'
    b"not a record\n"
    b'{"time":"2026-01-02","level":"error","msg":"lost\\nline","http":{"port":8080}}\n'
)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b'{"level":"info","n":1}', {"level": "info", "n": 1}),
        (b'level=info msg="two \\"words\\"" n=', {"level": "info", "msg": 'two "words"', "n": ""}),
        (b"PORT=80", None),
        (b"see http://x/?a=b and c=d", None),
        (b'{"broken":', None),
        (b"{}", None),
        (b"[1]", None),
    ],
)
def test_fields(text: bytes, record: dict[str, object] | None) -> None:
    assert fields(text) == record


def test_inner_objects_are_flattened() -> None:
    assert flat({"a": {"b": {"c": 1}}, "d": [1, None]}) == {"a.b.c": "1", "d": "[1,null]"}


def test_level_first_message_last_times_left_out() -> None:
    assert choose(RECORDS.split(b"\n")) == ("level", "http.port", "msg")


def test_records_stand_in_columns_and_other_lines_stay() -> None:
    store = LogStore()
    store.feed(1, RECORDS)
    model = LogModel([store])
    model.resize(60, 10)
    model.update()
    assert model.toggle_columns()
    assert model.heading() == "level  http.port  msg"
    assert ["".join(text for text, _ in model.row(row)) for row in model.rows()] == [
        "info   80         started",
        "not a record",
        "error  8080       lost^Jline",
    ]
    assert model.record(0) == {
        "time": "2026-01-01",
        "level": "info",
        "msg": "started",
        "http": {"port": 80},
    }
    assert model.record(1) == ["not a record"]
    model.toggle_columns()
    assert model.heading() == ""


def test_without_records_there_are_no_columns() -> None:
    store = LogStore()
    store.feed(1, b"plain\n")
    model = LogModel([store])
    model.update()
    assert not model.toggle_columns()
