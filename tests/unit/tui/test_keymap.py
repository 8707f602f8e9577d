from __future__ import annotations

import pytest

from pydock.tui.actions import ACTIONS
from pydock.tui.keymap import PRESETS, build, normal, shown


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_have_no_conflicts_and_no_unknown_actions(preset: str) -> None:
    keymap = build(ACTIONS, preset, {})
    assert keymap.conflicts == ()
    assert set(PRESETS[preset]) <= {action.id for action in ACTIONS}


# Issue 2: "Keys: j k g G / n N ? : q esc tab 1-7 [ ] space" and the letters of the container list.
@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("j", "list.down"),
        ("k", "list.up"),
        ("g", "list.top"),
        ("G", "list.bottom"),
        ("/", "screen.filter"),
        ("n", "list.next"),
        ("N", "list.previous"),
        ("?", "screen.help"),
        (":", "screen.palette"),
        ("q", "screen.quit"),
        ("esc", "screen.back"),
        ("tab", "pane.next"),
        ("1", "pane.containers"),
        ("7", "pane.events"),
        ("[", "detail.previous"),
        ("]", "detail.next"),
        ("space", "list.mark"),
        ("l", "container.logs"),
        ("e", "container.shell"),
        ("a", "container.attach"),
        ("s", "container.toggle"),
        ("r", "container.restart"),
        ("d", "container.remove"),
        ("L", "container.split"),
        ("p", "container.pause"),
        ("ctrl-k", "container.kill"),
        ("R", "container.rename"),
        ("i", "container.inspect"),
        ("y", "container.copy"),
        ("o", "list.sort"),
        ("O", "list.reverse"),
        ("A", "list.stopped"),
        ("T", "screen.theme"),
        ("z", "screen.zoom"),
    ],
)
def test_default_keys(key: str, action: str) -> None:
    keymap = build(ACTIONS, "lazy", {})
    assert keymap.action(normal(key), ("container", "list", "global")) == action


def test_own_keys_take_a_key_from_a_default_without_a_word() -> None:
    keymap = build(ACTIONS, "lazy", {"container.restart": ("s",), "container.toggle": ("r",)})
    assert keymap.conflicts == ()
    assert keymap.action("s", ("container",)) == "container.restart"
    assert keymap.action("r", ("container",)) == "container.toggle"


def test_two_own_keys_that_clash_are_reported() -> None:
    keymap = build(ACTIONS, "lazy", {"container.restart": ("x",), "container.logs": ("x",)})
    assert len(keymap.conflicts) == 1
    assert "x is both" in keymap.conflicts[0]


def test_traps_are_not_bound() -> None:
    """Without the kitty protocol these are tab, enter, backspace and esc (TUI.md 5a)."""
    keymap = build(ACTIONS, "lazy", {})
    bound = {key for table in keymap.by_scope.values() for key in table}
    assert not bound & {
        "ctrl+i",
        "ctrl+m",
        "ctrl+h",
        "ctrl+j",
        "ctrl+left_square_bracket",
        "ctrl+z",
        "ctrl+@",
    }


def test_keys_are_shown_as_people_write_them() -> None:
    assert [shown(k) for k in ("ctrl+k", "question_mark", "escape", "j")] == ["^k", "?", "esc", "j"]
