"""A shell pane: a terminal inside the screen that takes every key but its leader.

Leader (`ctrl-]`, telnet's), then: `q` leave, `d` close the pane (the session lives on), `z` alone or among
the others, `[` look back and copy, `]` paste, the leader again sends it. Rows are kept as strips; a frame
builds and repaints only those that changed.
"""

from __future__ import annotations

import time

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from ..clock import clock_of
from ..terminal import keys, mouse
from ..terminal.backend import Cursor
from ..terminal.copymode import CopyMode
from ..terminal.pen import Run
from ..terminal.selection import Selection
from ..terminal.session import ShellSession
from ..text import UNICODE, Glyphs
from .palette import Palette

# A program that begins a synchronized update and dies must not freeze the pane (mode 2026).
_HOLD = 0.15
_ECHO = 0.1
_WHEEL = 3


class ShellPane(Widget, can_focus=True):
    """Shows `session`; the session lives on when the pane goes."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ShellPane { height: 1fr; width: 1fr; }"

    class Exited(Message):
        """The shell's program ended."""

        def __init__(self, pane: ShellPane, code: int | None) -> None:
            super().__init__()
            self.pane = pane
            self.code = code

    class Released(Message):
        """The user asked to leave the pane: leader, then q, or then a `key` of the workstation."""

        def __init__(self, pane: ShellPane, key: str = "") -> None:
            super().__init__()
            self.pane = pane
            self.key = key

    class DetachAsked(Message):
        """The user asked for the pane to go and the session to go on (leader, then d)."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

    class ZoomAsked(Message):
        """The user asked for the pane alone, or for all panes again (leader, then z)."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

    class StatusChanged(Message):
        """`pane.title` or `pane.status` changed."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(
        self,
        session: ShellSession,
        *,
        leader: str = "ctrl+right_square_bracket",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.session = session
        self.leader = leader
        self.status = ""
        self.copying: CopyMode | None = None
        self._armed = False
        self._selection: Selection | None = None
        self._selecting = False
        self._output = False
        self._told_end = False
        self._palette: Palette | None = None
        self._rows: list[list[Run]] = []
        self._strips: list[Strip | None] = []
        self._cursor = Cursor(0, 0)
        self._held_since = 0.0
        self._pressed = 0.0
        self._ignore = session.listen(self._came)

    @property
    def title(self) -> str:
        title = self.session.backend.title()
        return f"{self.session.name}: {title}" if title else self.session.name

    def on_mount(self) -> None:
        self.session.start()
        self._came()

    def on_unmount(self) -> None:
        self._ignore()
        clock_of(self.app).forget(self)

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width and event.size.height:
            self.session.resize(event.size.width, event.size.height)
            self._rows = []
            self._moved()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        self._strips = [None] * len(self._strips)

    def frame(self) -> bool:
        """Read the emulator's changed rows and repaint them (the frame clock calls this)."""
        backend = self.session.backend
        if self.session.ended and not self._told_end:
            self._told_end = True
            self.post_message(self.Exited(self, self.session.exit_code))
        if backend.modes().synchronized and not self.session.ended:
            self._held_since = self._held_since or time.monotonic()
            if time.monotonic() - self._held_since < _HOLD:
                return True
        else:
            self._held_since = 0.0
        self._take_rows()
        while backend.clipboard:
            self.app.copy_to_clipboard(backend.clipboard.pop(0))
        self._tell_status()
        return False

    def render_lines(self, crop: Region) -> list[Strip]:
        if self._palette is None:
            self._palette = Palette(self)
        strips = [self._strip(y, self._palette) for y in range(crop.y, crop.bottom)]
        if crop.x or crop.width != self.size.width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    # Keys

    def captures(self, event: events.Key | events.Paste) -> bool:
        """Whether the program gets this, whatever comes behind it."""
        if self._armed or self.copying is not None or self.session.ended:
            return False
        return isinstance(event, events.Paste) or event.key != self.leader

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self._pressed = time.monotonic()
        if self._armed:
            self._armed = False
            self._led(event)
            self._tell_status()
        elif event.key == self.leader:
            self._armed = True
            self._tell_status()
        elif self.copying is not None:
            self._copy_key(event)
        elif self.session.ended:
            if event.key in ("enter", "q", "escape"):
                self.post_message(self.Released(self))
        else:
            self._send(keys.encode(event.key, event.character, self.session.backend.modes()))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._paste(event.text)

    def on_focus(self) -> None:
        self._send(keys.focus(True, self.session.backend.modes()), show_end=False)
        self._refresh_cursor()

    def on_blur(self) -> None:
        self._armed = False
        self._send(keys.focus(False, self.session.backend.modes()), show_end=False)
        self._refresh_cursor()

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._unselect()
        if self._mouse("press", event.button, event):
            self.capture_mouse()
        elif event.button == 1 and event.y < self.session.backend.rows:
            self._selecting = True
            self._selection = Selection(self.session.backend, event.x, event.y)
            self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
        if self._selecting:
            self._selecting = False
            self._copy_selection()
        else:
            self._mouse("release", event.button, event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._selecting and self._selection is not None:
            self._selection.extend(event.x, event.y)
            self._repaint()
        else:
            self._mouse("move", event.button, event)

    def on_click(self, event: events.Click) -> None:
        """Two clicks select a word, three a line."""
        modes = self.session.backend.modes()
        if event.chain < 2 or (modes.mouse and not event.shift) or event.y >= self.session.backend.rows:
            return
        self._selection = Selection(self.session.backend, event.x, event.y)
        if event.chain == 2:
            self._selection.take_word(event.x, event.y)
        else:
            self._selection.take_line(event.y)
        self._copy_selection()

    def _copy_selection(self) -> None:
        selection = self._selection
        if selection is None or not selection.dragged:
            self._unselect()
            return
        text = selection.text()
        self.app.copy_to_clipboard(text)
        self._repaint()
        self.notify(f"copied {len(text)} characters", timeout=2)

    def _unselect(self) -> None:
        if self._selection is not None:
            self._selection = None
            self._repaint()

    def _repaint(self) -> None:
        self._strips = [None] * len(self._strips)
        self._moved()
        self.refresh()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, mouse.WHEEL_UP, "up", -_WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, mouse.WHEEL_DOWN, "down", _WHEEL)

    def _mouse(self, kind: mouse.Kind, button: int, event: events.MouseEvent) -> bool:
        """Report the event to the program, if it asked for it; shift keeps it from it."""
        if event.shift or self.session.ended or self.copying is not None:
            return False
        x, y = min(max(event.x, 0), self.size.width - 1), min(max(event.y, 0), self.size.height - 1)
        modes = self.session.backend.modes()
        report = mouse.encode(kind, button, x, y, modes, alt=event.meta, ctrl=event.ctrl)
        if report:
            event.stop()
            self.session.write(report)
        return bool(report)

    def _wheel(self, event: events.MouseEvent, code: int, key: str, rows: int) -> None:
        event.stop()
        modes = self.session.backend.modes()
        if self._mouse("press", code, event):
            return
        if modes.alternate_screen:
            self._send(keys.encode(key, None, modes) * _WHEEL)
        else:
            self._scroll(rows)

    # The leader's keys and copy mode

    def _led(self, event: events.Key) -> None:
        match event.key:
            case self.leader:
                self._send(keys.encode(self.leader, None, self.session.backend.modes()))
            case "q":
                self._end_copying()
                self.post_message(self.Released(self))
            case "d":
                self._end_copying()
                self.post_message(self.DetachAsked(self))
            case "z":
                self.post_message(self.ZoomAsked(self))
            case "left_square_bracket":
                self.copying = CopyMode(self.session.backend)
                self._moved()
            case "right_square_bracket":
                self._paste(self.app.clipboard)
            case key:
                # Any other key is meant for the workstation: the leader and `1` go to the containers.
                self.post_message(self.Released(self, key))

    def _copy_key(self, event: events.Key) -> None:
        copying = self.copying
        assert copying is not None
        if event.key == "y":
            text = copying.text()
            self.app.copy_to_clipboard(text)
            self.notify(f"copied {text.count(chr(10)) + 1} lines", timeout=2)
            self._end_copying()
        elif event.key in ("q", "escape"):
            self._end_copying()
        else:
            copying.key(event.key)
        self._moved()

    def _end_copying(self) -> None:
        if self.copying is not None:
            self.copying = None
            self.session.backend.scroll_to_end()
            self._rows = []

    def _paste(self, text: str) -> None:
        self._send(keys.paste(text, self.session.backend.modes()))

    def _scroll(self, rows: int) -> None:
        self.session.backend.scroll(rows)
        self._moved()

    def _send(self, data: bytes, *, show_end: bool = True) -> None:
        if data:
            if show_end:
                self.session.backend.scroll_to_end()
            self.session.write(data)

    # Drawing

    def _came(self) -> None:
        self._output = True
        if self.is_attached:
            clock_of(self.app).mark(self, urgent=time.monotonic() - self._pressed < _ECHO)

    def _moved(self) -> None:
        if self.is_attached:
            clock_of(self.app).mark(self, urgent=True)

    def _take_rows(self) -> None:
        backend = self.session.backend
        changed = set(backend.dirty())
        if len(self._rows) != backend.rows:
            self._rows = [[] for _ in range(backend.rows)]
            self._strips = [None] * backend.rows
            changed = set(range(backend.rows))
        if changed and not self._selecting and self._output:
            # What was selected is no longer what is there.
            self._selection = None
        self._output = False
        if self._selection is not None:
            changed = set(range(backend.rows))
        for y in changed:
            self._rows[y] = backend.row(y)
        cursor = backend.cursor()
        if cursor != self._cursor:
            changed |= {y for y in (self._cursor.y, cursor.y) if y < backend.rows}
            self._cursor = cursor
        if self.copying is not None or self.session.ended:
            changed = set(range(backend.rows))
        for y in changed:
            self._strips[y] = None
        if len(changed) * 2 > backend.rows:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _refresh_cursor(self) -> None:
        if self._cursor.y < len(self._strips):
            self._strips[self._cursor.y] = None
            self.refresh(Region(0, self._cursor.y, self.size.width, 1))

    def _strip(self, y: int, palette: Palette) -> Strip:
        width = self.size.width
        if y >= len(self._rows):
            return Strip([Segment(" " * width, palette.base)], width)
        strip = self._strips[y]
        if strip is None or strip.cell_length != width:
            strip = self._strips[y] = self._draw(y, width, palette)
        return strip

    def _draw(self, y: int, width: int, palette: Palette) -> Strip:
        columns = self.session.backend.columns
        segments = [Segment(text, palette.style(pen)) for text, pen in self._rows[y]]
        if not segments:
            segments = [Segment(" " * columns, palette.base)]
        if self.copying is not None:
            if self.copying.selected(y):
                segments = [Segment(text, (style or palette.base) + _REVERSE) for text, style, _ in segments]
        elif self._cursor.visible and self._cursor.y == y and not self.session.ended:
            segments = _with_cursor(segments, self._cursor, palette, focused=self.has_focus, bar=self._bar)
        if self._selection is not None:
            start, stop = self._selection.span(y)
            if start < stop:
                segments = _reversed(segments, start, stop, palette)
        if columns < width:
            segments.append(Segment(" " * (width - columns), palette.base))
        strip = Strip(segments, max(columns, width))
        strip = strip if columns <= width else strip.crop(0, width)
        if y == len(self._rows) - 1 and (notice := self._notice()):
            notice = notice[:width]
            strip = Strip(
                [*strip.crop(0, width - len(notice)), Segment(notice, palette.tone("accent", reverse=True))],
                width,
            )
        return strip

    @property
    def _bar(self) -> str:
        glyphs: Glyphs = getattr(self.app, "glyphs", UNICODE)
        return "▏" if glyphs.unicode else glyphs.bar

    def _notice(self) -> str:
        if self.session.ended:
            code = self.session.exit_code
            return f" ended{'' if code is None else f' with {code}'}, enter leaves "
        if self.copying is not None:
            return f" {self.copying.describe()}: V select, y copy, q back "
        return ""

    def _tell_status(self) -> None:
        leader = self.leader.replace("ctrl+", "ctrl-").replace("right_square_bracket", "]")
        if self._armed:
            status = "q leave, d detach, z zoom, [ look back, ] paste"
        elif self.session.ended:
            status = "ended"
        else:
            status = f"{leader} leader"
        key = f"{self.title} {status}"
        if key != self.status:
            self.status = status
            self.post_message(self.StatusChanged(self))


_REVERSE = Style(reverse=True)
_UNDERLINE = Style(underline=True)


def _reversed(segments: list[Segment], start: int, stop: int, palette: Palette) -> list[Segment]:
    """Return the row with the cells start to stop in reverse."""
    strip = Strip(segments)
    inside = [Segment(text, (style or palette.base) + _REVERSE) for text, style, _ in strip.crop(start, stop)]
    return [*strip.crop(0, start), *inside, *strip.crop(stop, strip.cell_length)]


def _with_cursor(
    segments: list[Segment], cursor: Cursor, palette: Palette, *, focused: bool, bar: str
) -> list[Segment]:
    """Return the row with the cell under the cursor drawn in the cursor's shape."""
    made: list[Segment] = []
    column = 0
    for at, (text, style, _) in enumerate(segments):
        size = cell_len(text)
        if column + size <= cursor.x:
            made.append(segments[at])
            column += size
            continue
        index = 0
        while index < len(text) and column + cell_len(text[index]) <= cursor.x:
            column += cell_len(text[index])
            index += 1
        under = text[index : index + 1]
        look = style or palette.base
        if not focused or cursor.shape == "underline":
            look += _UNDERLINE
        elif cursor.shape == "bar" and under == " ":
            under = bar
        else:
            look += _REVERSE
        made += [Segment(text[:index], style), Segment(under, look), Segment(text[index + 1 :], style)]
        made += segments[at + 1 :]
        break
    return [segment for segment in made if segment.text]
