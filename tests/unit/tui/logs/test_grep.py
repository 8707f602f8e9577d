from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from pydock.tui.logs.filter import parse
from pydock.tui.logs.grep import Grep
from pydock.tui.logs.runs import Runs

STAMP = b"2026-11-25T01:02:03.000000001Z "


class Log:
    name, color = "web", "cyan"

    def __init__(self, pieces: Sequence[tuple[int, bytes]]) -> None:
        self.pieces = pieces
        self.asked: list[int | None] = []

    async def open(
        self, *, since: int | None = None, tail: int | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        self.asked.append(since)
        for piece in self.pieces:
            yield piece

    async def older(self, *, since: int, until: int) -> AsyncGenerator[tuple[int, bytes], None]:
        return
        yield 1, b""

    async def runs(self) -> Runs:
        return Runs()


async def found(log: Log, query: str) -> bytes:
    return b"".join([data async for _, data in Grep(log, parse(query), 7).open(tail=10)])


async def test_lines_that_pass_come_with_their_stamps() -> None:
    log = Log([(1, STAMP + b"a request 17\n" + STAMP + b"other\n"), (2, STAMP + b"\x1b[31mREQ\x1b[0muest\n")])
    assert await found(log, "request") == STAMP + b"a request 17\n" + STAMP + b"\x1b[31mREQ\x1b[0muest\n"
    assert log.asked == [7]


async def test_the_stamp_is_no_part_of_the_line() -> None:
    assert await found(Log([(1, STAMP + b"x\n")]), "2026") == b""


@given(st.lists(st.sampled_from([b"x needle\n", b"hay\n", b"needle"]), max_size=8), st.integers(1, 9))
async def test_pieces_may_be_cut_anywhere(lines: list[bytes], size: int) -> None:
    data = b"".join(lines)
    pieces = [(1, data[at : at + size]) for at in range(0, len(data), size)]
    whole = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    assert await found(Log(pieces), "needle") == b"".join(each + b"\n" for each in whole if b"needle" in each)
