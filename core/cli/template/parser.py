"""The tree of a Go template."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ...errors import Invalid
from .lexer import Action, Text, Token, scan


@dataclass(frozen=True, slots=True)
class Literal:
    value: object


@dataclass(frozen=True, slots=True)
class Dot:
    pass


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`, or `.A.B` of what `of` gives."""

    path: tuple[str, ...]
    of: Operand | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    name: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each fed the one before; `names` are the variables it sets, `declares` whether anew."""

    commands: tuple[tuple[Operand, ...], ...]
    names: tuple[str, ...] = ()
    declares: bool = True


Operand = Literal | Dot | Field | Variable | Function | Pipeline


@dataclass(slots=True)
class Block:
    """`if`, `with` or `range` with its branches."""

    kind: str
    pipeline: Pipeline
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Jump:
    kind: str


Node = str | Pipeline | Block | Jump


def parse(source: str) -> list[Node]:
    """Read a template; raises Invalid."""
    return _Parser(scan(source)).nodes()


class _Parser:
    def __init__(self, pieces: list[Text | Action]) -> None:
        self._pieces = pieces
        self._next = 0

    def nodes(self) -> list[Node]:
        body, end = self._body()
        if end is not None:
            raise Invalid(f"template: :1: unexpected {{{{{end.source}}}}}")
        return body

    def _body(self) -> tuple[list[Node], Action | None]:
        """Return nodes up to an end or else, and that action."""
        body: list[Node] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            self._next += 1
            if isinstance(piece, Text):
                body.append(piece.text)
                continue
            word = piece.tokens[0].text if piece.tokens and piece.tokens[0].kind == "word" else ""
            if word in ("end", "else"):
                return body, piece
            if word in ("if", "with", "range"):
                body.append(self._block(word, piece.tokens[1:]))
            elif word in ("break", "continue"):
                body.append(Jump(word))
            elif word in ("define", "template", "block"):
                raise Invalid(f"template: :1: not supported: {word}")
            else:
                body.append(_pipeline(piece.tokens))
        return body, None

    def _block(self, kind: str, tokens: tuple[Token, ...]) -> Block:
        block = Block(kind, _pipeline(tokens))
        block.body, end = self._body()
        if end is not None and end.tokens[0].text == "else":
            if len(end.tokens) > 1:
                block.otherwise = [self._block(end.tokens[1].text, end.tokens[2:])]
                return block
            block.otherwise, end = self._body()
        if end is None:
            raise Invalid("template: :1: unexpected EOF")
        return block


def _pipeline(tokens: tuple[Token, ...]) -> Pipeline:
    names, declares, rest = _assignment(tokens)
    commands, rest = _commands(rest)
    if rest:
        raise Invalid(f"template: :1: unexpected {rest[0].text!r} in command")
    return Pipeline(commands, names, declares)


def _assignment(tokens: tuple[Token, ...]) -> tuple[tuple[str, ...], bool, tuple[Token, ...]]:
    names: list[str] = []
    for position, token in enumerate(tokens):
        if token.kind == "variable":
            names.append(token.text)
        elif token.text in (":=", "="):
            return tuple(names), token.text == ":=", tokens[position + 1 :]
        elif token.text != ",":
            break
    return (), True, tokens


def _commands(tokens: tuple[Token, ...]) -> tuple[tuple[tuple[Operand, ...], ...], tuple[Token, ...]]:
    """Read commands up to a closing bracket or the end."""
    commands: list[tuple[Operand, ...]] = []
    operands: list[Operand] = []
    while tokens and tokens[0].text != ")":
        if tokens[0].text == "|":
            commands.append(tuple(operands))
            operands, tokens = [], tokens[1:]
            continue
        operand, tokens = _operand(tokens)
        operands.append(operand)
    commands.append(tuple(operands))
    if not all(commands):
        raise Invalid("template: :1: missing value for command")
    return tuple(commands), tokens


def _operand(tokens: tuple[Token, ...]) -> tuple[Operand, tuple[Token, ...]]:
    token, rest = tokens[0], tokens[1:]
    match token.kind:
        case "string" if token.text[0] == "`":
            return Literal(token.text[1:-1]), rest
        case "string" | "char":
            value = ast.literal_eval(token.text)
            return Literal(ord(value) if token.kind == "char" else value), rest
        case "number":
            return Literal(ast.literal_eval(token.text.lstrip("+"))), rest
        case "field":
            return Field(tuple(token.text[1:].split("."))), rest
        case "variable":
            name, *path = token.text.split(".")
            return Variable(name, tuple(path)), rest
        case "word":
            known = {"true": True, "false": False, "nil": None}
            return (Literal(known[token.text]) if token.text in known else Function(token.text)), rest
    if token.text == ".":
        return Dot(), rest
    if token.text == "(":
        return _bracket(rest)
    raise Invalid(f"template: :1: unexpected {token.text!r} in operand")


def _bracket(tokens: tuple[Token, ...]) -> tuple[Operand, tuple[Token, ...]]:
    commands, rest = _commands(tokens)
    if not rest:
        raise Invalid("template: :1: unclosed left paren")
    inner: Operand = Pipeline(commands)
    rest = rest[1:]
    if rest and rest[0].kind == "chain":
        return Field(tuple(rest[0].text[1:].split(".")), inner), rest[1:]
    return inner, rest
