"""The emulator in pure Python, on bittty: always there, about 0.3 MB a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from bittty import Board
from bittty.style import Color, Style
from bittty.terminals import Terminal
from bittty.terminals.scrollback import MemoryScrollback
from bittty.video import Cell

from . import pen as pens
from .backend import Cursor, Modes, allowed
from .pen import RGB, Pen, Run

_HISTORY_CELLS = 2_000_000
_MOUSE = {"off": 0, "x10": 9, "normal": 1000, "highlight": 1000, "button": 1002, "any": 1003}
_CLIPBOARD_MOST = 1 << 20


class BitttyBackend:
    """See TerminalBackend."""

    name = "bittty"
    chunk = 2048

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.clipboard: list[str] = []
        self._board = Board(width=columns, height=rows)
        self._line = _Line()
        self._board.host.attach(self._line)
        self._screen = _Screen(self._board, self.clipboard)
        self._screen.attach()
        # Grapheme clusters: without it a combining mark takes a cell of its own.
        self._board.feed_host_data(b"\x1b[?2027h")

    def feed(self, data: bytes) -> bytes:
        self._board.feed_host_data(data)
        return allowed(self._line.take())

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._board.resize(columns, rows)
        self._screen.scroll_view(0)

    def dirty(self) -> Iterable[int]:
        rows = self._screen.damaged_rows()
        return range(self.rows) if self._screen.view_top is not None and rows else rows

    def row(self, y: int) -> list[Run]:
        if self._screen.view_top is None:
            cells: Sequence[Cell] = self._board.display.page.line(y).cells
        else:
            cells = self._screen.view_rows()[y]
        made = [
            ("".join([char for _, char in group]), pen)
            for pen, group in groupby(cells, key=lambda cell: _pen(cell[0]))
        ]
        if self._board.modes.reverse_screen:
            return [(text, pen._replace(flags=pen.flags ^ pens.REVERSE)) for text, pen in made]
        return made

    def scroll(self, by: int) -> int:
        if not self.modes().alternate_screen:
            self._screen.scroll_view(by)
        return int(self._screen.view_offset())

    def scroll_to_end(self) -> None:
        self._screen.scroll_to_bottom()

    def cursor(self) -> Cursor:
        at = self._board.display.cursor
        shape = self._board.cursor.shape
        offset = self._screen.view_offset()
        if at is None or at[1] + offset >= self.rows:
            return Cursor(0, 0, shape, False)
        return Cursor(min(at[0], self.columns - 1), at[1] + offset, shape)

    def modes(self) -> Modes:
        board = self._board
        modes, mouse = board.modes, board.mouse
        return Modes(
            application_cursor=bool(modes.cursor_application_mode),
            application_keypad=bool(modes.application_keypad),
            bracketed_paste=bool(modes.bracketed_paste),
            mouse=_MOUSE.get(mouse.protocol.name.lower(), 0),
            mouse_sgr="SGR" in mouse.encoding.name,
            focus=bool(modes.focus_reporting),
            synchronized=bool(modes.synchronized_output),
            alternate_screen=bool(board.blitter.in_alt_screen),
        )

    def title(self) -> str:
        title = self._board.title.title
        return "" if title == "Terminal" else str(title)

    def close(self) -> None:
        self._screen.detach()


class _Line:
    """The cable to the program: keeps what the emulator sends until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._sent = bytearray()

    def take(self) -> bytes:
        sent = bytes(self._sent)
        self._sent.clear()
        return sent

    def write(self, data: str) -> int:
        return self.write_bytes(data.encode())

    def write_bytes(self, data: bytes) -> int:
        self._sent += data
        return len(data)

    def flush(self) -> None: ...

    async def read_bytes_async(self, size: int) -> bytes:
        return b""

    def configure_line(self, line: object) -> None: ...

    def resize(self, rows: int, cols: int) -> None: ...

    def close(self) -> None: ...


class _Screen(Terminal):  # type: ignore[misc]  # bittty has no type marker
    def __init__(self, board: Board, clipboard: list[str]) -> None:
        super().__init__(board, MemoryScrollback(_HISTORY_CELLS))
        self._clipboard = clipboard

    def on_clipboard(self, selection: str, text: str) -> None:
        self._clipboard.append(text[:_CLIPBOARD_MOST])


@lru_cache(maxsize=4096)
def _pen(style: Style) -> Pen:
    flags = 0
    for name, flag in (
        ("bold", pens.BOLD),
        ("dim", pens.DIM),
        ("italic", pens.ITALIC),
        ("blink", pens.BLINK),
        ("reverse", pens.REVERSE),
        ("conceal", pens.CONCEAL),
        ("strike", pens.STRIKE),
        ("overline", pens.OVERLINE),
    ):
        if getattr(style, name):
            flags |= flag
    if style.underline:
        flags |= pens.UNDERLINE2 if style.underline_style == "double" else pens.UNDERLINE
    return Pen(_color(style.fg), _color(style.bg), flags, style.hyperlink or "")


def _color(color: Color | None) -> int | None:
    if color is None or color.value is None:
        return None
    if isinstance(color.value, tuple):
        red, green, blue = map(int, color.value)
        return RGB | red << 16 | green << 8 | blue
    return int(color.value)
