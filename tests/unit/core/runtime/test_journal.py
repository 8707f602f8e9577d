"""The journal between a shim and engines."""

from __future__ import annotations

import resource
from pathlib import Path

from pydock.core.runtime import journal


def _journal(path: Path) -> journal.Journal:
    made = journal.Journal(str(path))
    made.open()
    return made


def test_readers_go_on_from_their_offset(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    assert journal.read(path) == ([], 0)
    writer = _journal(tmp_path / "journal")
    writer.append("start", pid=5, at=7)
    first, offset = journal.read(path)
    assert first == [{"n": 1, "event": "start", "pid": 5, "at": 7}]
    writer.append("exit", code=0, restarting=False)
    second, offset = journal.read(path, offset)
    assert [record["event"] for record in second] == ["exit"]
    assert journal.read(path, offset) == ([], offset)
    writer.close()


def test_the_count_continues(tmp_path: Path) -> None:
    for _ in range(2):
        writer = _journal(tmp_path / "journal")
        writer.append("start", pid=1)
        writer.close()
    assert [r["n"] for r in journal.read(str(tmp_path / "journal"))[0]] == [1, 2]


def test_a_cut_line_waits_and_is_skipped_when_another_follows(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    writer = _journal(file)
    writer.append("start", pid=1)
    writer.close()
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"n":2,"event":"ex')
    records, offset = journal.read(str(file))
    assert (len(records), offset) == (1, len(whole))
    writer = _journal(file)
    writer.append("exit", code=3, restarting=False)
    writer.close()
    assert [r["event"] for r in journal.read(str(file), offset)[0]] == ["exit"]


def test_a_record_that_could_not_be_written_comes_before_the_next(tmp_path: Path) -> None:
    writer = _journal(tmp_path / "journal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        # Ten bytes of it fit.
        assert not writer.append("start", pid=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert writer.append("exit", code=0, restarting=False)
    assert [r["n"] for r in journal.read(str(tmp_path / "journal"))[0]] == [1, 2]
    writer.close()


def test_running(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    assert not journal.running(path)
    writer = _journal(tmp_path / "journal")
    steps = [
        ("start", {"pid": 1}, True),
        ("exec_exit", {"exec": "x", "code": 0}, True),
        ("exit", {"code": 1, "restarting": True}, True),
        ("exit", {"code": 1, "restarting": False}, False),
    ]
    for event, fields, running in steps:
        writer.append(event, **fields)
        assert journal.running(path) is running
    writer.close()
