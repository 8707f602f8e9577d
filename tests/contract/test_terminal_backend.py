"""What every terminal emulator must do, whichever runs in a shell pane (TerminalBackend)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pydock.tui.terminal.backend import Cursor, TerminalBackend, make, row_text
from pydock.tui.terminal.pen import BOLD, DIM, ITALIC, PLAIN, REVERSE, RGB, STRIKE, UNDERLINE, Pen

KINDS = ("bittty", "ghostty")
Make = Callable[[int, int], TerminalBackend]


def build(kind: str, columns: int, rows: int) -> TerminalBackend:
    if kind == "ghostty":
        pytest.importorskip("pyghostty", reason="the wheel is an extra")
    return make(kind, columns, rows)


@pytest.fixture(params=KINDS)
def terminal(request: pytest.FixtureRequest) -> Iterator[TerminalBackend]:
    backend = build(request.param, 20, 5)
    yield backend
    backend.close()


def screen(backend: TerminalBackend) -> list[str]:
    list(backend.dirty())
    return [row_text(backend, y) for y in range(backend.rows)]


# (name, what is fed, rows that must be there, cursor)
SEQUENCES = [
    ("text", b"hello\r\nworld", ["hello", "world", "", "", ""], (5, 1)),
    ("wrap", b"x" * 25, ["x" * 20, "x" * 5, "", "", ""], (5, 1)),
    ("no wrap", b"\x1b[?7l" + b"a" * 20 + b"z", ["a" * 19 + "z", "", "", "", ""], (19, 0)),
    ("backspace", b"abc\bX", ["abX", "", "", "", ""], (3, 0)),
    ("tab", b"a\tb", ["a       b", "", "", "", ""], (9, 0)),
    ("cup", b"\x1b[3;4Hx", ["", "", "   x", "", ""], (4, 2)),
    ("el", b"abcdef\x1b[3D\x1b[K", ["abc", "", "", "", ""], (3, 0)),
    ("el 1", b"abcdef\x1b[3D\x1b[1K", ["    ef", "", "", "", ""], (3, 0)),
    ("ed", b"a\r\nb\r\nc\x1b[2J", ["", "", "", "", ""], (1, 2)),
    ("ich dch", b"abc\x1b[2D\x1b[@X\x1b[P", ["aXc", "", "", "", ""], (2, 0)),
    ("ech", b"abcdef\x1b[1;2H\x1b[3X", ["a   ef", "", "", "", ""], (1, 0)),
    ("il dl", b"a\r\nb\r\nc\x1b[2;1H\x1b[L\x1b[3;1H\x1b[M", ["a", "", "c", "", ""], (0, 2)),
    ("scroll", b"1\r\n2\r\n3\r\n4\r\n5\r\n6", ["2", "3", "4", "5", "6"], (1, 4)),
    ("margins", b"1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[4;1H\n", ["1", "3", "4", "", "5"], (0, 3)),
    ("su sd", b"1\r\n2\r\n3\x1b[S\x1b[T", ["", "2", "3", "", ""], (1, 2)),
    ("rep", b"a\x1b[3b", ["aaaa", "", "", "", ""], (4, 0)),
    ("save", b"ab\x1b7\x1b[4;4H\x1b8c", ["abc", "", "", "", ""], (3, 0)),
    ("line drawing", b"\x1b(0qx\x1b(Bq", ["─│q", "", "", "", ""], (3, 0)),
    ("wide", "日本語".encode(), ["日本語", "", "", "", ""], (6, 0)),
    ("wide at the margin", b"a" * 19 + "日".encode(), ["a" * 19, "日", "", "", ""], (2, 1)),
    ("combining", b"e\xcc\x81x", ["e\u0301x", "", "", "", ""], (2, 0)),
    ("dcs, apc, pm say nothing", b"a\x1bPq#0\x1b\\\x1b_x\x1b\\\x1b^y\x1b\\b", ["ab", "", "", "", ""], (2, 0)),
    ("modify other keys", b"a\x1b[>4;2m\x1b[?4mb", ["ab", "", "", "", ""], (2, 0)),
    ("index up", b"\x1bMa", ["a", "", "", "", ""], (1, 0)),
    ("reset", b"abc\x1b[31m\x1bcx", ["x", "", "", "", ""], (1, 0)),
]


@pytest.mark.parametrize(
    ("data", "rows", "cursor"), [s[1:] for s in SEQUENCES], ids=[s[0] for s in SEQUENCES]
)
def test_sequence(terminal: TerminalBackend, data: bytes, rows: list[str], cursor: tuple[int, int]) -> None:
    terminal.feed(data)
    assert screen(terminal) == rows
    at = terminal.cursor()
    assert (at.x, at.y) == cursor


STYLES = [
    (b"\x1b[31m", Pen(1)),
    (b"\x1b[92m", Pen(10)),
    (b"\x1b[44m", Pen(None, 4)),
    (b"\x1b[38;5;208m", Pen(208)),
    (b"\x1b[38;2;1;2;3m", Pen(RGB | 0x010203)),
    (b"\x1b[38:2::1:2:3m", Pen(RGB | 0x010203)),
    (b"\x1b[1m", Pen(flags=BOLD)),
    (b"\x1b[2m", Pen(flags=DIM)),
    (b"\x1b[3;4;9m", Pen(flags=ITALIC | UNDERLINE | STRIKE)),
    (b"\x1b[7m", Pen(flags=REVERSE)),
    (b"\x1b[1;31m\x1b[0m", PLAIN),
    (b"\x1b[31;1m\x1b[22;39m", PLAIN),
]


@pytest.mark.parametrize(("data", "pen"), STYLES)
def test_style(terminal: TerminalBackend, data: bytes, pen: Pen) -> None:
    terminal.feed(data + b"x\x1b[0m.")
    list(terminal.dirty())
    runs = terminal.row(0)
    if pen == PLAIN:
        assert runs[0][0].startswith("x.")
        assert runs[0][1] == PLAIN
    else:
        assert runs[0] == ("x", pen)


def test_erased_cells_keep_their_background(terminal: TerminalBackend) -> None:
    terminal.feed(b"\x1b[44m\x1b[K\x1b[48;2;9;8;7m\x1b[2;1H\x1b[K")
    list(terminal.dirty())
    assert terminal.row(0) == [(" " * 20, Pen(None, 4))]
    assert terminal.row(1) == [(" " * 20, Pen(None, RGB | 0x090807))]


def test_row_is_exactly_as_wide_as_the_screen(terminal: TerminalBackend) -> None:
    terminal.feed("日本 ab\r\n".encode() + b"c" * 30)
    list(terminal.dirty())
    assert {sum(cell_len(text) for text, _ in terminal.row(y)) for y in range(5)} == {20}


@pytest.mark.parametrize("leave", [b"\x1b[?1049l", b"\x1b[?47l"])
def test_alternate_screen_gives_the_first_one_back(terminal: TerminalBackend, leave: bytes) -> None:
    terminal.feed(b"shell")
    terminal.feed(leave[:-1] + b"h\x1b[Hvim")
    assert terminal.modes().alternate_screen
    assert screen(terminal)[0].startswith("vim")
    terminal.feed(leave)
    assert not terminal.modes().alternate_screen
    assert screen(terminal)[0] == "shell"


def test_modes(terminal: TerminalBackend) -> None:
    terminal.feed(b"\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?2026h")
    modes = terminal.modes()
    assert modes.application_cursor
    assert modes.bracketed_paste
    assert (modes.mouse, modes.mouse_sgr) == (1002, True)
    assert modes.focus
    assert modes.synchronized
    terminal.feed(b"\x1b[?1l\x1b[?2004l\x1b[?1002l\x1b[?1006l\x1b[?1004l\x1b[?2026l")
    modes = terminal.modes()
    assert not any(
        (modes.application_cursor, modes.bracketed_paste, modes.mouse, modes.mouse_sgr, modes.focus)
    )
    assert not modes.synchronized


@pytest.mark.parametrize("mode", [9, 1000, 1003])
def test_mouse_modes(terminal: TerminalBackend, mode: int) -> None:
    terminal.feed(b"\x1b[?%dh" % mode)
    assert terminal.modes().mouse == mode


@pytest.mark.parametrize(("style", "shape"), [(2, "block"), (4, "underline"), (6, "bar")])
def test_cursor_shape(terminal: TerminalBackend, style: int, shape: str) -> None:
    terminal.feed(b"\x1b[%d q" % style)
    list(terminal.dirty())
    assert terminal.cursor().shape == shape


def test_hidden_cursor(terminal: TerminalBackend) -> None:
    terminal.feed(b"\x1b[?25l")
    list(terminal.dirty())
    assert not terminal.cursor().visible


def test_answers_what_programs_ask(terminal: TerminalBackend) -> None:
    assert terminal.feed(b"\x1b[c").startswith(b"\x1b[?6")
    assert terminal.feed(b"ab\x1b[6n") == b"\x1b[1;3R"
    assert terminal.feed(b"\x1b[5n") == b"\x1b[0n"
    assert terminal.feed(b"\x1b[18t") == b"\x1b[8;5;20t"


@pytest.mark.parametrize("end", [b"\x07", b"\x1b\\"])
def test_never_tells_title_or_clipboard(terminal: TerminalBackend, end: bytes) -> None:
    """The answer is typed into whatever reads next: a way to run commands and to steal a password."""
    terminal.feed(b"\x1b]2;rm -rf /" + end + b"\x1b]52;c;aGVsbG8=" + end)
    assert terminal.feed(b"\x1b[21t\x1b[20t\x1b]52;c;?" + end + b"\x1b]52;p;?" + end) == b""


@pytest.mark.parametrize("cut", range(1, 17))
def test_clipboard_write_is_collected(terminal: TerminalBackend, cut: int) -> None:
    copy = b"\x1b]52;c;aGVsbG8=\x07"
    terminal.feed(copy[:cut])
    terminal.feed(copy[cut:] + b"x")
    assert terminal.clipboard == ["hello"]


def test_title(terminal: TerminalBackend) -> None:
    assert terminal.title() == ""
    terminal.feed(b"\x1b]2;vim caf\xc3\xa9\x07")
    assert terminal.title() == "vim café"


def test_dirty_names_the_rows_that_changed(terminal: TerminalBackend) -> None:
    terminal.feed(b"1\r\n2\r\n3\x1b[1;1H")
    assert set(terminal.dirty()) == set(range(5))
    assert set(terminal.dirty()) <= {0}
    terminal.feed(b"\x1b[3;1Hx")
    changed = set(terminal.dirty())
    assert 2 in changed
    assert 4 not in changed
    assert row_text(terminal, 2) == "x"


def test_history_is_scrolled_to_and_stays_in_view(terminal: TerminalBackend) -> None:
    terminal.feed(b"\r\n".join(b"%d" % n for n in range(100)))
    assert terminal.scroll(-10) == 10
    assert screen(terminal) == ["85", "86", "87", "88", "89"]
    terminal.feed(b"\r\nmore\r\nmore")
    assert terminal.scroll(0) == 12
    assert screen(terminal)[0] == "85"
    assert not terminal.cursor().visible
    assert terminal.scroll(-1000) == 97
    assert screen(terminal)[0] == "0"
    terminal.scroll_to_end()
    assert terminal.scroll(0) == 0
    assert screen(terminal)[-1] == "more"


def test_history_holds_thousands_of_rows(terminal: TerminalBackend) -> None:
    terminal.feed(b"".join(b"row %d\r\n" % n for n in range(6000)))
    assert terminal.scroll(-100_000) > 5000


def test_alternate_screen_has_no_history(terminal: TerminalBackend) -> None:
    terminal.feed(b"\r\n".join(b"%d" % n for n in range(50)) + b"\x1b[?1049h")
    assert terminal.scroll(-10) == 0


def test_flood_of_one_line_has_an_end(terminal: TerminalBackend) -> None:
    terminal.feed(b"x" * 100_000)
    assert screen(terminal)[0] == "x" * 20


CHUNKS = st.lists(
    st.one_of(
        st.sampled_from([data for _, data, _, _ in SEQUENCES] + [data for data, _ in STYLES]),
        st.binary(max_size=12),
        st.text("ab日é\u0301👩\u200d", max_size=8).map(str.encode),
    ),
    max_size=8,
)

SIZES = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12)), min_size=1, max_size=6)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(chunks=CHUNKS, data=st.data())
def test_bytes_cut_anywhere_give_the_same_screen(kind: str, chunks: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(chunks)
    cut = data.draw(st.integers(0, len(whole)))
    one, other = build(kind, 20, 5), build(kind, 20, 5)
    reply = one.feed(whole)
    assert other.feed(whole[:cut]) + other.feed(whole[cut:]) == reply
    assert screen(one) == screen(other)
    assert one.cursor() == other.cursor()
    one.close()
    other.close()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(
    chunks=CHUNKS, sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12)), min_size=1, max_size=6)
)
def test_resize_keeps_the_cursor_inside(kind: str, chunks: list[bytes], sizes: list[tuple[int, int]]) -> None:
    backend = build(kind, 20, 5)
    for columns, rows in sizes:
        for chunk in chunks:
            backend.feed(chunk)
        backend.resize(columns, rows)
        list(backend.dirty())
        at: Cursor = backend.cursor()
        assert 0 <= at.x < columns
        assert 0 <= at.y < rows
        assert len([backend.row(y) for y in range(rows)]) == rows
    backend.close()
