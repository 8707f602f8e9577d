"""The user's settings: `~/.config/pydock/config.toml`, read once at start, written from the UI."""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from pydock.core.files import atomic_write


class Settings(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    """What can be set; every field has the default that a new user gets."""

    theme: str = ""
    preset: Literal["lazy", "k9s"] = "lazy"
    host: str = ""
    mouse: bool = True
    ascii: bool = False
    show_stopped: bool = True
    sort: str = "name"
    confirm_kill: bool = True
    confirm_pause: bool = False
    shells: list[str] = msgspec.field(default_factory=lambda: ["bash", "zsh", "ash", "sh"])
    log_tail: int = 1000
    keys: dict[str, str | list[str]] = msgspec.field(default_factory=dict)

    def own_keys(self) -> dict[str, tuple[str, ...]]:
        """The `[keys]` table: action ids to keys, `"a, b"` or a list."""
        return {
            action: tuple(
                k.strip() for k in (keys.split(",") if isinstance(keys, str) else keys) if k.strip()
            )
            for action, keys in self.keys.items()
        }


def directory() -> Path:
    """Where the configuration lives: $PYDOCK_CONFIG_DIR, else XDG's place."""
    if own := os.environ.get("PYDOCK_CONFIG_DIR"):
        return Path(own)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pydock"


def load(path: Path) -> tuple[Settings, list[str]]:
    """Read settings; what is wrong with the file comes back as lines, and its right parts still count."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), [f"{path}: {error}"]
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(), [f"{path}: {error}"]
    return _convert(path, document)


def _convert(path: Path, document: dict[str, object]) -> tuple[Settings, list[str]]:
    known = [field.encode_name for field in msgspec.structs.fields(Settings)]
    settings, problems = Settings(), list[str]()
    for key, value in document.items():
        if key not in known:
            problems.append(f"{path.name}: unknown setting: {key}{suggestion(key, known)}")
            continue
        try:
            part = msgspec.convert({key: value}, Settings)
        except msgspec.ValidationError as error:
            problems.append(f"{path.name}: {key}: {str(error).partition(' - at')[0].lower()}")
            continue
        name = key.replace("-", "_")
        setattr(settings, name, getattr(part, name))
    return settings, problems


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean x?` when a known word is close, else nothing."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def save(path: Path, changes: dict[str, object]) -> None:
    """Set some keys in the file and leave its other keys; raises OSError. Comments are not kept."""
    import tomli_w

    try:
        document = tomllib.loads(path.read_text())
    except (FileNotFoundError, tomllib.TOMLDecodeError):
        document = {}
    document.update(changes)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, tomli_w.dumps(document).encode())
