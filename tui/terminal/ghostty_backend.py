"""The emulator on libghostty-vt (pyghostty): a hundred times faster than Python. Importing it costs 0.3 s.

Rows are read through the render state: the cells of a row come as one array of packed 64-bit words, whose
layout the library publishes (`ghostty_type_json`). A style's number is only valid in its own row's page, so
styles are looked up row by row.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from pyghostty.core import Terminal, check, ffi, init_sized, lib, union_fn

from . import pen as pens
from .backend import Cursor, Modes, Shape, allowed
from .pen import PLAIN, RGB, Pen, Run

_HISTORY_ROWS = 10_000
# The default of 10,000 bytes would be a single page of rows.
_HISTORY_BYTES = 64 << 20
_SHAPES: tuple[Shape, ...] = ("bar", "block", "underline", "block")
_CLIPBOARD_MOST = 1 << 20

# The call takes its union by value, which cffi can't pass; a struct of the same layout has the same ABI.
ffi.cdef("typedef struct { int tag; int64_t delta; uint64_t _pad; } PydockScroll;")
_SCROLL = "void(*)(GhosttyTerminal, PydockScroll)"
_FLAGS = (
    ("bold", pens.BOLD),
    ("faint", pens.DIM),
    ("italic", pens.ITALIC),
    ("blink", pens.BLINK),
    ("inverse", pens.REVERSE),
    ("invisible", pens.CONCEAL),
    ("strikethrough", pens.STRIKE),
    ("overline", pens.OVERLINE),
)
_TAIL = lib.GHOSTTY_CELL_WIDE_SPACER_TAIL
_STATE = lib.GHOSTTY_RENDER_STATE_DATA_DIRTY


def _layout() -> tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return (shift, mask) of content tag, content, style id and width in a cell."""
    bits = json.loads(ffi.string(lib.ghostty_type_json()))["types"]["GhosttyCell"]["bits"]
    found = [
        (bits[n]["lsb"], (1 << bits[n]["width"]) - 1) for n in ("content_tag", "content", "style_id", "wide")
    ]
    return found[0], found[1], found[2], found[3]


(_TAG, _TAG_MASK), (_CONTENT, _CONTENT_MASK), (_STYLE, _STYLE_MASK), (_WIDE, _WIDE_MASK) = _layout()
_CODEPOINT_MASK = (1 << 21) - 1


class GhosttyBackend:
    """See TerminalBackend."""

    name = "ghostty"
    chunk = 65536

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.clipboard: list[str] = []
        self._terminal = Terminal(columns, rows, scrollback=_HISTORY_ROWS)
        self._handle = self._terminal._t[0]
        self._replies = bytearray()
        self._terminal.on_reply(self._replies.extend)
        self._set(lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_BYTES, ffi.new("size_t*", _HISTORY_BYTES))
        self._size = ffi.callback("GhosttyTerminalSizeFn", self._tell_size, error=False)
        self._set(lib.GHOSTTY_TERMINAL_OPT_SIZE, self._size)
        self._copied = _Osc52(self.clipboard)
        self._state = self._new("GhosttyRenderState*", lib.ghostty_render_state_new)
        self._iterator = self._new(
            "GhosttyRenderStateRowIterator*", lib.ghostty_render_state_row_iterator_new
        )
        self._cells = self._new("GhosttyRenderStateRowCells*", lib.ghostty_render_state_row_cells_new)
        self._shown: list[list[Run]] = [[] for _ in range(rows)]
        self._all = True
        # Grapheme clusters, as in the other backend.
        self._terminal.feed(b"\x1b[?2027h")

    def feed(self, data: bytes) -> bytes:
        self._copied.feed(data)
        self._terminal.feed(data)
        replies = bytes(self._replies)
        self._replies.clear()
        return allowed(replies)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._terminal.resize(columns, rows)
        self._shown = [[] for _ in range(rows)]
        self._all = True

    def dirty(self) -> Iterable[int]:
        check(lib.ghostty_render_state_update(self._state[0], self._handle), "render_state_update")
        state = ffi.new("GhosttyRenderStateDirty*")
        check(lib.ghostty_render_state_get(self._state[0], _STATE, state), "render_state_get")
        if state[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FALSE and not self._all:
            return []
        everything = self._all or state[0] == lib.GHOSTTY_RENDER_STATE_DIRTY_FULL
        self._all = False
        changed = self._read(everything)
        check(lib.ghostty_render_state_clean(self._state[0]), "render_state_clean")
        return changed

    def row(self, y: int) -> list[Run]:
        return self._shown[y]

    def scroll(self, by: int) -> int:
        if by:
            self._scroll(lib.GHOSTTY_SCROLL_VIEWPORT_DELTA, by)
        bar = self._terminal.get("scrollbar", "GhosttyTerminalScrollbar")
        return int(bar.total - bar.offset - bar.len)

    def scroll_to_end(self) -> None:
        self._scroll(lib.GHOSTTY_SCROLL_VIEWPORT_BOTTOM, 0)

    def cursor(self) -> Cursor:
        cursor: Any = init_sized("GhosttyRenderStateCursor")
        check(
            lib.ghostty_render_state_get(self._state[0], lib.GHOSTTY_RENDER_STATE_DATA_CURSOR, cursor),
            "cursor",
        )
        return Cursor(
            min(cursor.viewport_x, self.columns - 1),
            min(cursor.viewport_y, self.rows - 1),
            _SHAPES[cursor.visual_style],
            bool(cursor.visible and cursor.viewport_has_value),
        )

    def modes(self) -> Modes:
        mode = self._terminal.mode
        return Modes(
            application_cursor=mode(1),
            application_keypad=mode(66),
            bracketed_paste=mode(2004),
            mouse=next((number for number in (1003, 1002, 1000, 9) if mode(number)), 0),
            mouse_sgr=mode(1006),
            focus=mode(1004),
            synchronized=mode(2026),
            alternate_screen=bool(self._terminal.get("active_screen", "GhosttyTerminalScreen")),
        )

    def title(self) -> str:
        text = self._terminal.get("title", "GhosttyString")
        return bytes(ffi.buffer(text.ptr, text.len)).decode(errors="replace") if text.len else ""

    def close(self) -> None:
        lib.ghostty_render_state_row_cells_free(self._cells[0])
        lib.ghostty_render_state_row_iterator_free(self._iterator[0])
        lib.ghostty_render_state_free(self._state[0])
        self._terminal.close()

    def _new(self, kind: str, make: Any) -> Any:
        made = ffi.new(kind)
        check(make(ffi.NULL, made), kind)
        return made

    def _set(self, option: int, value: Any) -> None:
        check(lib.ghostty_terminal_set(self._handle, option, value), "terminal_set")

    def _tell_size(self, _terminal: Any, _data: Any, size: Any) -> bool:
        size.rows, size.columns = self.rows, self.columns
        return True

    def _scroll(self, tag: int, by: int) -> None:
        scroll = union_fn("ghostty_terminal_scroll_viewport", _SCROLL)
        request = ffi.new("PydockScroll*")
        request.tag, request.delta = tag, by
        scroll(self._handle, request[0])

    def _read(self, everything: bool) -> list[int]:
        lib_get = lib.ghostty_render_state_row_get
        check(
            lib.ghostty_render_state_get(
                self._state[0], lib.GHOSTTY_RENDER_STATE_DATA_ROW_ITERATOR, self._iterator
            ),
            "rows",
        )
        iterator = self._iterator[0]
        dirty, view = ffi.new("bool*"), ffi.new("GhosttyCellsView*")
        changed = []
        y = 0
        while y < self.rows and lib.ghostty_render_state_row_iterator_next(iterator):
            check(lib_get(iterator, lib.GHOSTTY_RENDER_STATE_ROW_DATA_DIRTY, dirty), "row dirty")
            if everything or dirty[0]:
                check(lib_get(iterator, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS_RAW, view), "row cells")
                words = memoryview(ffi.buffer(view.ptr, view.len * 8)).cast("Q")
                self._shown[y] = self._runs(iterator, words)
                changed.append(y)
            y += 1
        return changed

    def _runs(self, iterator: Any, words: memoryview) -> list[Run]:
        """Turn a row's cells into runs."""
        made: list[Run] = []
        looks: dict[int, Pen] = {0: PLAIN}
        selected = False
        text: list[str] = []
        pen = PLAIN
        for x, word in enumerate(words.tolist()):
            wide = word >> _WIDE & _WIDE_MASK
            if wide == _TAIL:
                continue
            tag = word & _TAG_MASK
            style = word >> _STYLE & _STYLE_MASK
            content = word >> _CONTENT & _CONTENT_MASK
            if tag > 1:
                look = Pen(bg=content & 255 if tag == 2 else _rgb(content))
                char = " "
            else:
                found = looks.get(style)
                grapheme = tag == 1
                if found is None or grapheme:
                    if not selected:
                        check(
                            lib.ghostty_render_state_row_get(
                                iterator, lib.GHOSTTY_RENDER_STATE_ROW_DATA_CELLS, self._cells
                            ),
                            "cells",
                        )
                        selected = True
                    check(lib.ghostty_render_state_row_cells_select(self._cells[0], x), "cell")
                    if found is None:
                        found = looks[style] = self._style()
                look = found
                char = self._grapheme() if grapheme else chr(content & _CODEPOINT_MASK)
                if char == "\0":
                    char = " "
            if look is not pen and look != pen:
                if text:
                    made.append(("".join(text), pen))
                text, pen = [], look
            text.append(char)
        made.append(("".join(text), pen))
        return made

    def _style(self) -> Pen:
        style: Any = init_sized("GhosttyStyle")
        self._cell(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_STYLE, style)
        flags = 0
        for name, flag in _FLAGS:
            if getattr(style, name):
                flags |= flag
        if style.underline:
            flags |= pens.UNDERLINE2 if style.underline == 2 else pens.UNDERLINE
        return Pen(_color(style.fg_color), _color(style.bg_color), flags)

    def _grapheme(self) -> str:
        count = ffi.new("uint32_t*")
        self._cell(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_LEN, count)
        points = ffi.new("uint32_t[]", max(1, count[0]))
        self._cell(lib.GHOSTTY_RENDER_STATE_ROW_CELLS_DATA_GRAPHEMES_BUF, points)
        return "".join(chr(point) for point in points)

    def _cell(self, data: int, out: Any) -> None:
        check(lib.ghostty_render_state_row_cells_get(self._cells[0], data, out), "cell data")


class _Osc52:
    """Finds clipboard writes in the stream. The library's own callback wants its answer from inside C."""

    _WRITE = re.compile(rb"\x1b\]52;[a-z0-7]*;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")
    _BEGIN = b"\x1b]52;"

    def __init__(self, found: list[str]) -> None:
        self._found = found
        self._held = b""

    def feed(self, data: bytes) -> None:
        if not self._held and self._BEGIN not in data and b"\x1b" not in data[-5:]:
            return
        data = self._held + data
        for write in self._WRITE.finditer(data):
            try:
                text = base64.b64decode(write[1], validate=True).decode(errors="replace")
            except ValueError:
                continue
            self._found.append(text)
        self._held = self._rest(data)

    def _rest(self, data: bytes) -> bytes:
        """Return the end of `data` that may be the beginning of a write."""
        at = data.rfind(self._BEGIN)
        if at >= 0 and b"\x07" not in data[at:] and b"\x1b\\" not in data[at:]:
            return data[at:] if len(data) - at < _CLIPBOARD_MOST else b""
        at = data.rfind(b"\x1b", max(0, len(data) - len(self._BEGIN) + 1))
        return data[at:] if at >= 0 and self._BEGIN.startswith(data[at:]) else b""


def _color(color: Any) -> int | None:
    if color.tag == lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(color.value.palette)
    if color.tag == lib.GHOSTTY_STYLE_COLOR_RGB:
        rgb = color.value.rgb
        return RGB | int(rgb.r) << 16 | int(rgb.g) << 8 | int(rgb.b)
    return None


def _rgb(content: int) -> int:
    """Return the colour of a cell that has only a background; its bytes are red first."""
    return RGB | (content & 255) << 16 | (content >> 8 & 255) << 8 | content >> 16 & 255
