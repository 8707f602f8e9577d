"""A template run over a value."""

from __future__ import annotations

from typing import Any

from ...errors import Invalid
from .functions import FUNCTIONS
from .parser import Block, Dot, Field, Function, Jump, Literal, Node, Operand, Pipeline, Variable, parse
from .values import items, lookup, show, truth

_NOTHING = object()


class Template:
    """A parsed template; raises Invalid with Go's wording for what can't be parsed."""

    def __init__(self, source: str) -> None:
        self._nodes = parse(source)

    def render(self, value: object) -> str:
        """Run over `value`, which is "." and "$"; raises Invalid for a field that is not there."""
        scope = _Scope({"$": value})
        out: list[str] = []
        scope.run(self._nodes, value, out)
        return "".join(out)


class _Leave(Exception):
    """Leaves a range's body: break or continue."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class _Scope:
    """The variables in sight."""

    def __init__(self, variables: dict[str, Any], parent: _Scope | None = None) -> None:
        self._variables = variables
        self._parent = parent

    def run(self, nodes: list[Node], dot: object, out: list[str]) -> None:
        for node in nodes:
            match node:
                case str():
                    out.append(node)
                case Pipeline():
                    value = self.value(node, dot)
                    if not node.names:
                        out.append(show(value))
                case Jump():
                    raise _Leave(node.kind)
                case Block(kind="range"):
                    self._range(node, dot, out)
                case Block():
                    self._branch(node, dot, out)

    def _branch(self, block: Block, dot: object, out: list[str]) -> None:
        scope = _Scope({}, self)
        value = scope.value(block.pipeline, dot)
        if truth(value):
            scope.run(block.body, value if block.kind == "with" else dot, out)
        else:
            scope.run(block.otherwise, dot, out)

    def _range(self, block: Block, dot: object, out: list[str]) -> None:
        bare = Pipeline(block.pipeline.commands)
        found = items(self.value(bare, dot))
        names = block.pipeline.names
        for key, value in found:
            pair = (key, value) if len(names) == 2 else (value,)
            scope = _Scope(dict(zip(names, pair, strict=False)), self)
            try:
                scope.run(block.body, value, out)
            except _Leave as leave:
                if leave.kind == "break":
                    break
        if not found:
            _Scope({}, self).run(block.otherwise, dot, out)

    def value(self, pipeline: Pipeline, dot: object) -> Any:
        result: Any = _NOTHING
        for command in pipeline.commands:
            result = self._command(command, dot, result)
        for name in pipeline.names:
            self._assign(name, result, pipeline.declares)
        return result

    def _assign(self, name: str, value: object, declares: bool) -> None:
        scope: _Scope | None = self
        while scope is not None and not declares:
            if name in scope._variables:
                scope._variables[name] = value
                return
            scope = scope._parent
        self._variables[name] = value

    def _command(self, command: tuple[Operand, ...], dot: object, piped: Any) -> Any:
        first, *rest = command
        arguments = [self._operand(operand, dot) for operand in rest]
        if piped is not _NOTHING:
            arguments.append(piped)
        if isinstance(first, Function):
            return _call(first.name, arguments)
        value = self._operand(first, dot, arguments)
        if arguments and not isinstance(first, Field):
            raise Invalid(f"can't give argument to non-function {show(value)}")
        return value

    def _operand(self, operand: Operand, dot: object, arguments: list[Any] | None = None) -> Any:
        match operand:
            case Literal(value):
                return value
            case Dot():
                return dot
            case Field(path, of):
                return _walk(dot if of is None else self._operand(of, dot), path, arguments)
            case Variable(name, path):
                return _walk(self._variable(name), path, None)
            case Function(name):
                return _call(name, [])
            case Pipeline():
                return self.value(operand, dot)

    def _variable(self, name: str) -> Any:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope._variables:
                return scope._variables[name]
            scope = scope._parent
        raise Invalid(f'undefined variable "{name}"')


def _walk(value: Any, path: tuple[str, ...], arguments: list[Any] | None) -> Any:
    for position, name in enumerate(path):
        try:
            value = lookup(value, name)
        except Invalid as err:
            raise Invalid(f'template: :1: executing "" at <.{".".join(path)}>: {err}') from None
        if callable(value):
            last = position == len(path) - 1
            value = value(*(arguments or ())) if last else value()
    return value


def _call(name: str, arguments: list[Any]) -> Any:
    function = FUNCTIONS.get(name)
    if function is None:
        raise Invalid(f'template: :1: function "{name}" not defined')
    try:
        return function(*arguments)
    except (TypeError, ValueError, AttributeError, IndexError) as err:
        raise Invalid(f'template: :1: executing "" at <{name}>: error calling {name}: {err}') from err
