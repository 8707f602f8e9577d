"""Themes from TOML: read, checked, turned into Textual themes; tones to colours.

A file has `name`, `dark`, `ansi`, `[colors]` (Textual's theme fields), `[states]` (what a container's state
and our own text tones look like), `[variables]` (further CSS variables) and `[ansi]` (the sixteen colours of
embedded shells). The user's directory overrides what is shipped. A bad file is reported and left out: an
invalid colour inside Textual would take the whole screen down.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import msgspec
from textual.color import Color, ColorParseError
from textual.theme import Theme

from .config import suggestion

DEFAULT = "harbour"
PLAIN = "mono"

# Every tone that rows and widgets name, with what it is under a theme that does not know it.
TONES: dict[str, str] = {
    "text": "$foreground",
    "dim": "$text-muted",
    "faint": "$text-disabled",
    "accent": "$accent",
    "title": "$primary",
    "match": "$warning",
    "running": "$success",
    "exited": "$text-muted",
    "failed": "$error",
    "paused": "$warning",
    "restarting": "$warning",
    "created": "$secondary",
    "removing": "$text-muted",
    "warn": "$warning",
    "error": "$error",
    "key": "$accent",
    "string": "$success",
    "number": "$warning",
}
_FALLBACK = {"text-muted": "#8a8f98", "text-disabled": "#6a6f78", "secondary": "#6fa8dc"}
_ANSI_NAMES = tuple(
    f"{prefix}{name}"
    for prefix in ("", "bright-")
    for name in ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
)


class Colors(msgspec.Struct, forbid_unknown_fields=True):
    """Textual's theme colours."""

    primary: str
    secondary: str | None = None
    warning: str | None = None
    error: str | None = None
    success: str | None = None
    accent: str | None = None
    foreground: str | None = None
    background: str | None = None
    surface: str | None = None
    panel: str | None = None
    boost: str | None = None


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A theme file."""

    colors: Colors
    name: str = ""
    author: str = ""
    dark: bool = True
    ansi_colors: bool = False
    states: dict[str, str] = msgspec.field(default_factory=dict)
    variables: dict[str, str] = msgspec.field(default_factory=dict)
    ansi: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The themes that may be used and one line for each that may not."""

    themes: dict[str, Theme]
    problems: tuple[str, ...]


def load(user_directory: Path | None = None) -> Loaded:
    """Read the shipped themes and the user's; a user's theme replaces a shipped one of its name."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for where, text in _files(user_directory):
        try:
            theme = parse(text, where)
        except ValueError as error:
            problems.append(f"theme {where}: {error}")
        else:
            themes[theme.name] = theme
    return Loaded(themes, tuple(problems))


def _files(user_directory: Path | None) -> Iterable[tuple[str, str]]:
    shipped = resources.files("pydock.themes")
    for entry in sorted(shipped.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.read_text()
    if user_directory is not None and user_directory.is_dir():
        for path in sorted(user_directory.glob("*.toml")):
            yield path.name, path.read_text(errors="replace")


def parse(text: str, where: str) -> Theme:
    """Make a theme of a file's text; raises ValueError with one line for whatever is wrong in it."""
    try:
        document = msgspec.convert(tomllib.loads(text), Document)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(str(error)) from error
    except msgspec.ValidationError as error:
        raise ValueError(str(error).lower()) from error
    _check_names(document.states, list(TONES), "state")
    _check_names(document.ansi, list(_ANSI_NAMES), "ansi colour")
    colors = {k: v for k, v in msgspec.structs.asdict(document.colors).items() if v is not None}
    for key, value in (*colors.items(), *document.states.items(), *document.ansi.items()):
        _check_color(key, value)
    variables = dict(document.variables)
    variables |= {f"pd-{tone}": value for tone, value in document.states.items()}
    variables |= {f"pd-ansi-{name}": value for name, value in document.ansi.items()}
    return Theme(
        name=document.name or where.removesuffix(".toml"),
        dark=document.dark,
        ansi=document.ansi_colors,
        variables=variables,
        **colors,
    )


def _check_names(given: Mapping[str, str], known: list[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"unknown {what}: {name}{suggestion(name, known)}")


def _check_color(key: str, value: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError as error:
        raise ValueError(f"not a colour: {key} = {value!r}") from error


def defaults(variables: Mapping[str, str]) -> dict[str, str]:
    """Values of `$pd-*` for a theme that has none of its own, from the variables that it has."""
    result: dict[str, str] = {}
    for tone, source in TONES.items():
        name = source.removeprefix("$")
        value = variables.get(name, "")
        result[f"pd-{tone}"] = value if _is_color(value) else _FALLBACK.get(name, "#c8ccd4")
    for name, source in (("cursor", "primary-muted"), ("cursor-blurred", "panel"), ("bar", "surface")):
        value = variables.get(source, "")
        result[f"pd-{name}"] = value if _is_color(value) else "#303848"
    return result


def _is_color(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True
