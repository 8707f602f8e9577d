from __future__ import annotations

import pytest

from pydock.tui.logs.severity import Level, level_of


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (b"ERROR upstream timed out", Level.ERROR),
        (b"2026/11/25 01:02:03 [error] 31#31: *1 open() failed", Level.ERROR),
        (b"[warn] deprecated", Level.WARN),
        (b'{"level":"error","msg":"x"}', Level.ERROR),
        (b'{"severity": "WARNING"}', Level.WARN),
        (b'{"level":50,"time":1}', Level.ERROR),
        (b'time=1 level=info msg="no error here"', Level.INFO),
        (b"E1125 01:02:03.000000  1 x.go:1] failed", Level.ERROR),
        (b"I1125 01:02:03.000000  1 x.go:1] ERROR in a message", Level.INFO),
        (b"Traceback (most recent call last):", Level.ERROR),
        (b"ValueError: no", Level.ERROR),
        (b"panic: runtime error: index out of range", Level.FATAL),
        (b"no errors found", Level.NONE),
        (b"GET /error/page 200", Level.NONE),
        (b"0 failed, 12 passed", Level.NONE),
        (b"", Level.NONE),
    ],
)
def test_level(line: bytes, level: Level) -> None:
    assert level_of(line) is level
