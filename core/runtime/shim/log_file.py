"""A container's log file with rotation, as Docker's json-file driver keeps it (max-size, max-file).

When the current file has reached `max_size`, it becomes `.1` before the next record, `.1` becomes `.2` and
so on; with `max_files` 1 it is begun anew.
"""

from __future__ import annotations

import os
import time

from ..records import LogFile
from .json_lines import JsonLines

STDOUT, STDERR = 1, 2


class LogWriter:
    """Writes both streams of a container. A write error never stops anything: lines are dropped and counted.

    `dropped` is the count since the first failure, `error` the last failure; the owner tells and clears them.
    """

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self._file = -1
        self._size = 0
        self._streams = {
            STDOUT: JsonLines("stdout", log.attributes),
            STDERR: JsonLines("stderr", log.attributes),
        }
        self.dropped = 0
        self.error = ""

    def open(self) -> None:
        """Open the file (0640) for appending; a failure shows when something is written."""
        if self._log.driver == "none":
            return
        try:
            self._open(os.O_APPEND)
        except OSError as err:
            self.error = str(err)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def write(self, stream: int, chunk: bytes) -> None:
        """Log a chunk of output as it came from the container."""
        if self._log.driver != "none":
            self._append(self._streams[stream].feed(chunk, time.time_ns()))

    def finish(self) -> None:
        """Log what came last without a newline: the process has ended."""
        if self._log.driver != "none":
            for stream in self._streams.values():
                self._append(stream.finish(time.time_ns()))

    def _open(self, how: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | how
        self._file = os.open(self._log.path, flags, 0o640)
        self._size = os.fstat(self._file).st_size

    def _append(self, records: bytes) -> None:
        while records:
            try:
                if self._file < 0:
                    self._open(os.O_APPEND)
                if self._log.max_size and self._size >= self._log.max_size:
                    self._rotate()
                here = self._fitting(records)
                self._write(records[:here])
                records = records[here:]
            except OSError as err:
                self.dropped += records.count(b"\n")
                self.error = str(err)
                return

    def _fitting(self, records: bytes) -> int:
        """How many bytes of `records` go into the current file: up to the record that fills it."""
        room = self._log.max_size - self._size
        if not self._log.max_size or len(records) <= room:
            return len(records)
        return records.index(b"\n", max(room - 1, 0)) + 1

    def _write(self, records: bytes) -> None:
        done = 0
        try:
            while done < len(records):
                done += os.write(self._file, records[done:] if done else records)
        except OSError:
            # Half a record would make the next line unreadable too.
            whole = records.rfind(b"\n", 0, done) + 1
            self.dropped -= records.count(b"\n", 0, whole)
            if whole < done:
                os.ftruncate(self._file, self._size + whole)
            done = whole
            raise
        finally:
            self._size += done

    def _rotate(self) -> None:
        path, count = self._log.path, self._log.max_files
        self.close()
        if count > 1:
            for number in range(count - 1, 1, -1):
                _rename(f"{path}.{number - 1}", f"{path}.{number}")
            _rename(path, f"{path}.1")
        # Append, so that a reader who truncates the file by hand doesn't leave a hole in it.
        self._open(os.O_APPEND | os.O_TRUNC)


def _rename(old: str, new: str) -> None:
    try:
        os.rename(old, new)
    except FileNotFoundError:
        return
