"""The one table of actions. Keys, footer, help, palette, menus and confirmation all come from here."""

from __future__ import annotations

from collections.abc import Sequence

from .acts import containers, images, networks, screen
from .acts.action import Action, Target
from .keymap import Keymap

ACTIONS: tuple[Action, ...] = (
    *containers.ACTIONS,
    *images.ACTIONS,
    *networks.ACTIONS,
    *screen.ACTIONS,
)
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

TITLES = {
    "container": "Containers",
    "image": "Images",
    "layer": "Layers",
    "network": "Networks",
    "list": "Lists",
    "global": "Everywhere",
}


def of_scope(scope: str) -> list[Action]:
    """The actions of a scope, in the order of the table."""
    return [action for action in ACTIONS if action.scope == scope]


def hints(scopes: Sequence[str], targets: Sequence[Target], keymap: Keymap) -> list[tuple[str, str]]:
    """Key and label of what can be done here and now, the most useful first."""
    found = [
        action
        for action in ACTIONS
        if action.hint and action.scope in scopes and keymap.first(action.id) and not action.refusal(targets)
    ]
    found.sort(key=lambda action: action.hint)
    return [(keymap.first(action.id), label(action, targets)) for action in found]


def label(action: Action, targets: Sequence[Target]) -> str:
    """The action's name; of the two-way ones, the way that it would go."""
    states = {target.state for target in targets}
    match action.id:
        case "container.toggle" if states and states <= {"running", "restarting", "paused"}:
            return "stop"
        case "container.toggle" if states and states <= {"created", "exited", "dead"}:
            return "start"
        case "container.pause" if states == {"paused"}:
            return "resume"
        case "container.pause" if states == {"running"}:
            return "pause"
        case _:
            return action.label


def past(action: Action, targets: Sequence[Target]) -> str:
    """What was done, for the message afterwards: `stopped`, `removed`."""
    match label(action, targets):
        case "stop":
            return "stopped"
        case "start":
            return "started"
        case "pause":
            return "paused"
        case "resume":
            return "resumed"
        case _:
            return action.done
