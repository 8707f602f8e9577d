"""Load an image: a path with completion, then the archive streamed to the engine with progress."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, ProgressBar, Static

from pydock.core.errors import PydockError

from ..text import clean, size

Load = Callable[[AsyncIterator[bytes]], AsyncIterator[str]]
CHUNK = 256 * 1024
MOST_SHOWN = 8


class PathInput(Input):
    """A path; tab completes it as a shell does."""

    BINDINGS = [Binding("tab", "complete", show=False)]

    @work(exclusive=True)
    async def action_complete(self) -> None:
        text, _ = await asyncio.to_thread(complete, self.value)
        if text != self.value:
            self.value = text
            self.cursor_position = len(text)


class LoadDialog(ModalScreen[str | None]):
    """The last line that the engine said about the loaded image, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, load: Load, start: str = "") -> None:
        super().__init__()
        self._load = load
        self._start = start
        self._loading = False
        self._sent = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog load") as box:
            box.border_title = "Load an image"
            box.border_subtitle = "tab completes   enter loads   esc leaves"
            yield PathInput(self._start, placeholder="archive of docker save, or OCI layout", compact=True)
            yield Static("", classes="dim", id="load-matches", markup=False)
            yield ProgressBar(id="load-progress", show_eta=False)
            yield Static("", id="load-said", markup=False)

    def on_mount(self) -> None:
        self.query_one(ProgressBar).display = False
        self.query_one("#load-said").display = False
        path = self.query_one(PathInput)
        self.set_focus(path)
        path.cursor_position = len(path.value)
        self._list(path.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._list(event.value)

    @work(exclusive=True, group="matches")
    async def _list(self, text: str) -> None:
        _, matches = await asyncio.to_thread(complete, text)
        shown = [clean(name) for name in matches[:MOST_SHOWN]]
        if len(matches) > MOST_SHOWN:
            shown.append(f"and {len(matches) - MOST_SHOWN} more")
        self.query_one("#load-matches", Static).update("\n".join(shown))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._loading:
            self._send(Path(event.value.strip()).expanduser())

    def action_leave(self) -> None:
        """Leave; a load that is under way is cut off and leaves nothing behind in the engine."""
        self.dismiss(None)

    @work(exclusive=True, group="load")
    async def _send(self, path: Path) -> None:
        self._loading, self._sent = True, 0
        try:
            total = await asyncio.to_thread(_size, path)
            self.query_one(ProgressBar).display = True
            self.query_one(ProgressBar).update(total=total, progress=0)
            last = ""
            async for line in self._load(self._read(path)):
                last = line
                self._say(line)
            self.dismiss(last or "loaded")
        except OSError as error:
            self._say(f"{path}: {error.strerror}", wrong=True)
        except PydockError as error:
            self._say(error.message, wrong=True)
        finally:
            self._loading = False

    async def _read(self, path: Path) -> AsyncIterator[bytes]:
        with await asyncio.to_thread(path.open, "rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
                self._sent += len(chunk)
                if self.is_attached:
                    self.query_one(ProgressBar).update(progress=self._sent)
                    self._say(f"{size(self._sent).strip()} read")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        if not self.is_attached:
            return
        said = self.query_one("#load-said", Static)
        said.display = True
        said.set_class(wrong, "wrong")
        said.update(clean(text))
        if wrong:
            self.query_one(ProgressBar).display = False


def _size(path: Path) -> int:
    if path.is_dir():
        raise IsADirectoryError(21, "is a directory: give an archive", str(path))
    return path.stat().st_size


def complete(text: str) -> tuple[str, list[str]]:
    """Complete a path as far as it is clear; returns it and the names that it may go on with."""
    head, _, start = text.rpartition("/")
    directory = os.path.expanduser(f"{head}/" if "/" in text else ".")
    try:
        with os.scandir(directory) as entries:
            names = sorted(
                entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(start) and (start or not entry.name.startswith("."))
            )
    except OSError:
        return text, []
    common = _common(names) if names else start
    return text[: len(text) - len(start)] + max(common, start, key=len), names


def _common(names: list[str]) -> str:
    """The beginning that all names share, letter by letter (sorted: the first and the last decide)."""
    first, last = names[0], names[-1]
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first[: min(len(first), len(last)) if same is None else same]
