"""Tokens of a Go template."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import Invalid

_ACTION = re.compile(r"\{\{(-(?=\s))?(.*?)(?:(?<=\s)(-))?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    | (?P<char>'(?:[^'\\]|\\.)+')
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))
    | (?P<field>(?:\.[\w]+)+)
    | (?P<variable>\$\w*(?:\.\w+)*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<punctuation>:=|[.()|,=])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between braces; `at` is its offset, for messages."""

    tokens: tuple[Token, ...]
    source: str
    at: int


def scan(source: str) -> list[Text | Action]:
    """Cut a template into literal text and actions, trimmed and without comments; raises Invalid."""
    pieces: list[Text | Action] = []
    position, trim = 0, False
    for match in _ACTION.finditer(source):
        text = source[position : match.start()]
        position = match.end()
        text = text.lstrip() if trim else text
        text = text.rstrip() if match[1] else text
        trim = bool(match[3])
        if text:
            pieces.append(Text(text))
        body = match[2].strip()
        if not body.startswith("/*"):
            pieces.append(Action(tuple(_tokens(body)), body, match.start()))
    rest = source[position:].lstrip() if trim else source[position:]
    if "{{" in rest:
        raise Invalid("template: :1: unclosed action")
    if rest:
        pieces.append(Text(rest))
    return pieces


def _tokens(body: str) -> list[Token]:
    tokens, position = [], 0
    while position < len(body):
        match = _TOKEN.match(body, position)
        if match is None:
            raise Invalid(f"template: :1: unexpected {body[position:].strip()[:10]!r} in operand")
        tokens.append(_with_space(match, body, position))
        position = match.end()
        while position < len(body) and body[position].isspace():
            position += 1
    return tokens


def _with_space(match: re.Match[str], body: str, position: int) -> Token:
    kind, text = match.lastgroup or "", match[match.lastgroup or ""]
    # A field directly behind a bracket belongs to it: (index .X 0).Name
    if kind == "field" and position and body[position - 1] == ")":
        kind = "chain"
    return Token(kind, text)
