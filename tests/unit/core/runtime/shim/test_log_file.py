"""Rotation of a container's log file, and what happens when it can't be written."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydock.core.runtime.records import LogFile
from pydock.core.runtime.shim.log_file import STDERR, STDOUT, LogWriter


def _writer(path: Path, size: int = 0, files: int = 1) -> LogWriter:
    writer = LogWriter(LogFile("json-file", str(path), size, files))
    writer.open()
    return writer


def _lines(path: Path) -> list[str]:
    return [json.loads(line)["log"].rstrip("\n") for line in path.read_text().splitlines()]


def test_streams_are_told_apart(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log")
    writer.write(STDOUT, b"out")
    writer.write(STDERR, b"err\n")
    writer.finish()
    writer.close()
    records = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(r["stream"], r["log"]) for r in records] == [("stderr", "err\n"), ("stdout", "out")]


def test_the_file_is_not_readable_for_others(tmp_path: Path) -> None:
    _writer(tmp_path / "log").close()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640


def test_rotation_keeps_the_newest_files(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log", size=500, files=3)
    for number in range(40):
        writer.write(STDOUT, b"line %d\n" % number)
    writer.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    kept = [line for name in ("log.2", "log.1", "log") for line in _lines(tmp_path / name)]
    assert kept == [f"line {n}" for n in range(40 - len(kept), 40)]


@pytest.mark.parametrize("files", [1, 2, 5])
def test_a_chunk_is_cut_where_a_file_is_full(tmp_path: Path, files: int) -> None:
    one_by_one, at_once = _writer(tmp_path / "a", 700, files), _writer(tmp_path / "b", 700, files)
    lines = [b"%04d\n" % number for number in range(300)]
    for line in lines:
        one_by_one.write(STDOUT, line)
    at_once.write(STDOUT, b"".join(lines))
    for suffix in ["", *(f".{n}" for n in range(1, files))]:
        # Times differ in length only when they end in zeros.
        assert abs(len(_lines(tmp_path / f"a{suffix}")) - len(_lines(tmp_path / f"b{suffix}"))) <= 1
    assert not (tmp_path / f"b.{files}").exists()


@contextmanager
def _small_files() -> Iterator[None]:
    """Files of this process, its own output among them, may have 2000 bytes: as good as a full disk."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_drops_lines_and_leaves_whole_ones(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "log")
    with _small_files():
        writer.write(STDOUT, b"".join(b"%04d\n" % number for number in range(100)))
    written = len(_lines(tmp_path / "log"))
    assert 0 < written < 100
    assert writer.dropped == 100 - written
    assert "too large" in writer.error
    os.truncate(tmp_path / "log", 0)
    writer.close()
    writer.write(STDOUT, b"again\n")
    assert _lines(tmp_path / "log") == ["again"]
    writer.close()


def test_a_log_that_cannot_be_opened_counts_what_it_drops(tmp_path: Path) -> None:
    writer = _writer(tmp_path / "absent" / "log")
    writer.write(STDOUT, b"one\ntwo\n")
    assert writer.dropped == 2
    (tmp_path / "absent").mkdir()
    writer.write(STDOUT, b"three\n")
    assert _lines(tmp_path / "absent" / "log") == ["three"]
    writer.close()


def test_driver_none_writes_nothing(tmp_path: Path) -> None:
    writer = LogWriter(LogFile("none", str(tmp_path / "log")))
    writer.open()
    writer.write(STDOUT, b"x\n")
    writer.finish()
    writer.close()
    assert list(tmp_path.iterdir()) == []
