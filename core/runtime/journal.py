"""The file in which a shim tells what happened to its container: JSON lines, only ever appended.

Records: `n` counts from 1, `at` is nanoseconds since the epoch, `event` is one of

- start: pid, ticks (the start time in proc_pid_stat(5)), restart_count, warnings
- exit: code, oom, restarting, restart_count; error when a program could not be started again; reaped when an
  engine wrote it because the shim had died
- start_failed: code, error (the first start; nothing ran)
- pause, resume
- exec_start: exec, pid; exec_exit: exec, code
- health: status, streak, when the status has changed (the results are in `health`, see `shim.health`)
- log_trouble: error (output can't be written; the container goes on); at the end log_dropped: lines, error

A reader keeps its offset. A line that was cut (no space left) is skipped once another follows it.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any


class Journal:
    """The writing end. There is one writer at a time: the holder of the shim's lock.

    Invariant: a record that could not be written waits and goes before the next one.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = -1
        self._count = 0
        self._waiting = b""

    def open(self) -> None:
        """Open or make the file (0600) and continue its count; nothing when it is open."""
        if self._file >= 0:
            return
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        text = os.pread(self._file, os.fstat(self._file).st_size, 0)
        if text and not text.endswith(b"\n"):
            self._waiting = b"\n"
        known, _ = _records(text, 0)
        self._count = known[-1].get("n", 0) if known else 0

    @property
    def waiting(self) -> bool:
        """Whether a record could not be written yet."""
        return bool(self._waiting)

    def close(self) -> None:
        os.close(self._file)

    def append(self, event: str, **fields: Any) -> bool:
        """Write one record; False when it has to wait because the file system is full."""
        self._count += 1
        record = {"n": self._count, "event": event, **fields}
        record.setdefault("at", time.time_ns())
        self._waiting += json.dumps(record, separators=(",", ":")).encode() + b"\n"
        return self.flush()

    def flush(self) -> bool:
        """Try again to write what waits."""
        while self._waiting:
            try:
                self._waiting = self._waiting[os.write(self._file, self._waiting) :]
            except OSError:
                return False
        return True


def read(path: str, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Read the whole records after `offset`, and the offset behind them; nothing without a file."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            return _records(file.read(), offset)
    except FileNotFoundError:
        return [], offset


def running(path: str) -> bool:
    """Tell whether the last that the journal says of its container is that it runs, or will again."""
    last: dict[str, Any] = {}
    for record in read(path)[0]:
        if record["event"] in ("start", "exit"):
            last = record
    return bool(last) and (last["event"] == "start" or bool(last["restarting"]))


def _records(text: bytes, offset: int) -> tuple[list[dict[str, Any]], int]:
    whole = text[: text.rfind(b"\n") + 1]
    found: list[dict[str, Any]] = []
    for line in whole.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "event" in record:
            found.append(record)
    return found, offset + len(whole)
