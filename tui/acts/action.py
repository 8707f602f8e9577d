"""What an action is: one row of the table that feeds keys, footer, help, palette and menus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydock.core.client import Client
    from pydock.core.schema.containers import ContainerSummary
    from pydock.core.schema.images import HistoryEntry, ImageSummary
    from pydock.core.schema.networks import NetworkInspect

    Record = ContainerSummary | ImageSummary | HistoryEntry | NetworkInspect

TargetKind = Literal["container", "image", "layer", "network"]
Scope = Literal["global", "list", "container", "image", "layer", "network", "menu"]
Confirm = Literal["never", "many", "always"]


@dataclass(frozen=True, slots=True)
class Target:
    """What an action acts on."""

    kind: TargetKind
    id: str
    name: str
    record: Record
    state: str = ""


Check = Callable[[Target], str]
Run = Callable[["Client", Target], Awaitable[object]]


def always(target: Target) -> str:
    """No reason against it."""
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    `check` gives the reason why it can't be done to a target now, or nothing. `run` asks the engine; an
    action without one, and without a `menu` of further actions, is done by the screen under its id.
    `docker` is the command line that does the same, with `{name}` for the target. `hint` ranks it in the
    footer, 0 keeps it out. A `lone` action needs no target though it belongs to a list. One that `takes_keys`
    opens something to type into: when it does not, what was typed for it is dropped.
    """

    id: str
    label: str
    keys: tuple[str, ...] = ()
    scope: Scope = "global"
    help: str = ""
    hint: int = 0
    check: Check = always
    confirm: Confirm = "never"
    run: Run | None = None
    done: str = ""
    docker: str = ""
    menu: tuple[str, ...] = ()
    needs_engine: bool = False
    lone: bool = False
    takes_keys: bool = False

    def refusal(self, targets: Sequence[Target]) -> str:
        """Why it can't be done to any of these, or nothing; some that refuse don't stop the others."""
        if not self.about_targets or self.lone:
            return ""
        if not targets:
            return f"nothing to {self.label} here"
        reasons = [self.check(target) for target in targets]
        return "" if "" in reasons else reasons[0]

    def willing(self, targets: Sequence[Target]) -> list[Target]:
        """Those that it can be done to."""
        return [target for target in targets if not self.check(target)]

    @property
    def about_targets(self) -> bool:
        return self.scope in ("container", "image", "layer", "network", "menu")

    def command(self, targets: Sequence[Target]) -> str:
        """The command line that does the same, for people who know it or want to keep it."""
        return self.docker.format(name=" ".join(t.name for t in targets)) if self.docker else ""
