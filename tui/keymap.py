"""Which keys do what: presets, the user's own keys, and the conflicts between them.

Keys are Textual's names (`ctrl+k`, `space`, `L`); what a key means is the id of an action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

Keys = tuple[str, ...]

# What k9s users press: `d` describes, ctrl-d deletes, `s` opens a shell, `y` shows the document.
K9S: dict[str, Keys] = {
    "container.inspect": ("d", "i", "y"),
    "image.inspect": ("d", "i", "y"),
    "network.inspect": ("d", "i", "y"),
    "layer.inspect": ("d", "i", "y"),
    "container.remove": ("ctrl+d",),
    "image.remove": ("ctrl+d",),
    "network.remove": ("ctrl+d",),
    "container.shell": ("s", "e"),
    "container.toggle": ("S",),
    "container.copy": ("c",),
    "image.copy": ("c",),
    "network.copy": ("c",),
    "list.half-down": ("ctrl+f",),
    "list.half-up": ("ctrl+b",),
}
PRESETS: dict[str, dict[str, Keys]] = {"lazy": {}, "k9s": K9S}

# Names that people write, and Textual's names for the same keys.
_NAMES = {"?": "question_mark", "/": "slash", ":": "colon", "[": "left_square_bracket"}
_NAMES |= {"]": "right_square_bracket", "esc": "escape", "return": "enter", " ": "space", "*": "asterisk"}
_NAMES |= {"!": "exclamation_mark", ".": "full_stop", "+": "plus", "-": "minus", "_": "underscore"}
_SHOWN = {name: key for key, name in _NAMES.items() if len(key) == 1 and key != " "}
_SHOWN |= {"escape": "esc", "space": "space", "shift+tab": "S-tab", "pagedown": "pgdn", "pageup": "pgup"}


class Bound(Protocol):
    """What the key map needs to know of an action."""

    @property
    def id(self) -> str: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def scope(self) -> str: ...


def normal(key: str) -> str:
    """A key as Textual names it, from what people write: `ctrl-k`, `C-k`, `?`, `esc`."""
    key = key.strip() or " "
    if len(key) > 1:
        key = key.replace("C-", "ctrl+").replace("ctrl-", "ctrl+").replace("shift-", "shift+")
    return _NAMES.get(key, key)


def shown(key: str) -> str:
    """A key as the footer shows it: `^k`, `?`, `esc`."""
    key = _SHOWN.get(key, key)
    return f"^{key[5:]}" if key.startswith("ctrl+") else key


@dataclass(frozen=True, slots=True)
class Keymap:
    """For every action its keys, and per scope what each key does; conflicts as lines to show."""

    keys: Mapping[str, Keys]
    by_scope: Mapping[str, Mapping[str, str]]
    conflicts: tuple[str, ...]

    def action(self, key: str, scopes: Iterable[str]) -> str | None:
        """The id of the action of this key in the first scope that has one."""
        for scope in scopes:
            if found := self.by_scope.get(scope, {}).get(key):
                return found
        return None

    def first(self, action: str) -> str:
        """The key to show for an action; empty when it has none."""
        keys = self.keys.get(action, ())
        return shown(keys[0]) if keys else ""


def build(actions: Iterable[Bound], preset: str, own: Mapping[str, Keys]) -> Keymap:
    """Lay the user's keys over the preset over the actions' own.

    A key that two actions of one scope want stays with the user's choice, else with the preset's, else with
    the action that comes first; each such case is reported.
    """
    chosen = PRESETS.get(preset, {})
    keys: dict[str, Keys] = {}
    by_scope: dict[str, dict[str, str]] = {}
    conflicts: list[str] = []
    ranked = sorted(actions, key=lambda a: 0 if a.id in own else 1 if a.id in chosen else 2)
    for action in ranked:
        explicit = action.id in own or action.id in chosen
        wanted = tuple(normal(k) for k in own.get(action.id, chosen.get(action.id, action.keys)))
        table = by_scope.setdefault(action.scope, {})
        kept: list[str] = []
        for key in wanted:
            holder = table.setdefault(key, action.id)
            if holder == action.id:
                kept.append(key)
            elif explicit or not _meant(holder, own, chosen):
                conflicts.append(f"{shown(key)} is both {holder} and {action.id}: it stays {holder}")
        keys[action.id] = tuple(kept)
    return Keymap(keys, by_scope, tuple(conflicts))


def _meant(holder: str, own: Mapping[str, Keys], chosen: Mapping[str, Keys]) -> bool:
    # Taking a key away from a default is the point of remapping; only clashes of equals are reported.
    return holder in own or holder in chosen
