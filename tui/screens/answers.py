"""One command in many containers at once: their answers side by side, each with its exit code and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import ItemGrid, Vertical
from textual.markup import escape
from textual.screen import ModalScreen
from textual.widgets import Static

from pydock.core.errors import PydockError

from ..acts.action import Target
from ..dialogs.form import Field, Form
from ..logs.store import LogStore
from ..sources import run_in
from ..widgets.logpane import LogPane

if TYPE_CHECKING:
    from pydock.core.client import Client

    from .main import MainScreen

PATIENCE_S = 60.0
_AT_ONCE = 16
_OUTPUT_BYTES = 4 << 20


async def ask(screen: MainScreen, targets: Sequence[Target]) -> None:
    """Ask for a command line and show what it says in each of these containers."""
    names = ", ".join(target.name for target in targets)
    values = await screen.app.push_screen_wait(
        Form(
            f"Command in {names if len(names) < 40 else f'{len(targets)} containers'}",
            (
                Field("command", "command line", "", "as typed into sh: pipes and && work"),
                Field("user", "user", "", "the container's"),
                Field("directory", "directory", "", "the container's"),
            ),
            verb="run",
        )
    )
    if values is not None and values["command"]:
        command, user, directory = (str(values[key]) for key in ("command", "user", "directory"))
        await screen.app.push_screen_wait(Answers(screen.need_client(), targets, command, user, directory))


class Answer(Vertical):
    """What one container says."""

    def __init__(self, target: Target) -> None:
        super().__init__(classes="answer")
        self.target = target
        self.store = LogStore(max_bytes=_OUTPUT_BYTES)
        self.log_pane = LogPane(stores=[self.store])
        self.code: int | None = None
        self.said = "runs"
        self._began = time.monotonic()

    def compose(self) -> ComposeResult:
        yield self.log_pane

    def on_mount(self) -> None:
        self.border_title = escape(self.target.name)
        self.label()

    def take(self, stream: int, data: bytes) -> None:
        """Show what came."""
        self.store.feed(stream, data)
        self.log_pane.came()

    async def run(self, client: Client, command: str, user: str, directory: str) -> None:
        """Run the command to its end, or for as long as is patient."""
        self._began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE_S):
                argv = ("sh", "-c", command)
                self.code = await run_in(
                    client, self.target.id, argv, self.take, user=user, directory=directory
                )
            self.said = f"exit {self.code}"
        except TimeoutError:
            self.said = f"still runs after {PATIENCE_S:.0f} s, no longer watched"
        except (PydockError, OSError) as error:
            self.said = "failed"
            self.store.note(str(error))
        self.store.finish()
        self.log_pane.came()
        self.said += f", {time.monotonic() - self._began:.2f} s"
        self.label()

    def label(self) -> None:
        """Say in the frame how it went."""
        tone = {0: "ok", None: "warn"}.get(self.code, "error")
        self.border_subtitle = f"[$pd-{tone}]{escape(self.said)}[/]"

    def text(self) -> str:
        """The answer as one reads it on paper."""
        return f"== {self.target.name}: {self.said}\n{self.log_pane.model.saved_text()}"


class Answers(ModalScreen[None]):
    """The answers of all containers; a pane of them has the keys of a log pane."""

    BINDINGS = [
        Binding("escape,q", "dismiss", show=False),
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("Y,upper_y", "copy_all", show=False),
        Binding("z", "alone", show=False),
    ]
    DEFAULT_CSS = """
    Answers > ItemGrid { height: 1fr; min-height: 1; overflow-y: auto; keyline: none; grid-gutter: 0; }
    Answers > Static { height: 1; padding: 0 1; background: $panel; }
    Answers .answer { height: 12; min-height: 5; border: round $panel; }
    Answers .answer:focus-within { border: round $accent; }
    App.-ascii Answers .answer { border: ascii $panel; }
    App.-ascii Answers .answer:focus-within { border: ascii $accent; }
    Answers.-alone .answer { display: none; }
    Answers.-alone .answer:focus-within { display: block; height: 100%; column-span: 2; }
    """

    def __init__(
        self, client: Client, targets: Sequence[Target], command: str, user: str, directory: str
    ) -> None:
        super().__init__()
        self._client = client
        self._how = command, user, directory
        self.answers = [Answer(target) for target in targets]
        self._foot = Static("", markup=False)

    def compose(self) -> ComposeResult:
        columns = 1 if len(self.answers) == 1 or self.app.size.width < 100 else 2
        yield ItemGrid(*self.answers, min_column_width=self.app.size.width // columns)
        yield self._foot

    def on_mount(self) -> None:
        rows = -(-len(self.answers) // (1 if self.app.size.width < 100 or len(self.answers) == 1 else 2))
        height = max((self.app.size.height - 1) // max(rows, 1), 8)
        for answer in self.answers:
            answer.styles.height = height
        self.set_focus(self.answers[0].log_pane)
        self._say()
        self.run_worker(self._ask(), name="command in containers", exit_on_error=False)

    async def _ask(self) -> None:
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(answer: Answer) -> None:
            async with room:
                await answer.run(self._client, *self._how)
            self._say()

        async with asyncio.TaskGroup() as group:
            for answer in self.answers:
                group.create_task(one(answer), name=f"command in {answer.target.name}")

    def _say(self) -> None:
        well = sum(answer.code == 0 for answer in self.answers)
        running = sum(answer.said == "runs" for answer in self.answers)
        badly = len(self.answers) - well - running
        self._foot.update(
            f"{self._how[0]}   {well} exit 0, {badly} not, {running} running"
            "   tab next  z alone  Y copy all  esc back"
        )

    def action_copy_all(self) -> None:
        self.app.copy_to_clipboard("\n".join(answer.text() for answer in self.answers))
        self.notify(f"copied {len(self.answers)} answers", timeout=2)

    def action_alone(self) -> None:
        """One answer alone, or all again."""
        self.toggle_class("-alone")
