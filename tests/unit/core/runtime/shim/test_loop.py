"""The shim's loop: timers, events, and mistakes in handlers."""

from __future__ import annotations

import os

import pytest

from pydock.core.runtime.shim.loop import READ, Loop


def test_timers_run_in_order_unless_cancelled() -> None:
    loop, seen = Loop(), []
    loop.later(0.002, lambda: seen.append("second"))
    loop.later(0.001, lambda: seen.append("first"))
    loop.later(0.0015, lambda: seen.append("never")).cancel()
    loop.later(0.003, loop.stop)
    loop.run()
    assert seen == ["first", "second"]


def test_a_handler_reads_until_it_forgets(capsys: pytest.CaptureFixture[str]) -> None:
    loop = Loop()
    reading, writing = os.pipe()
    got: list[bytes] = []

    def read(events: int) -> None:
        got.append(os.read(reading, 1))
        if len(got) == 3:
            loop.forget(reading)
            loop.forget(reading)
            loop.stop()

    loop.watch(reading, READ, read)
    os.write(writing, b"abcd")
    loop.run()
    assert got == [b"a", b"b", b"c"]
    os.close(reading)
    os.close(writing)


def test_a_failing_handler_is_left_alone_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    loop = Loop()
    reading, writing = os.pipe()
    calls = []

    def fail(events: int) -> None:
        calls.append(events)
        raise ValueError("a mistake")

    loop.watch(reading, READ, fail)
    os.write(writing, b"x")
    loop.later(0.001, lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    loop.later(0.05, loop.stop)
    loop.run()
    assert len(calls) == 3
    assert "a mistake" in capsys.readouterr().err
    os.close(reading)
    os.close(writing)
